// What a clinician sets for this patient: a rule's limit, or the scale that NEWS2 scores SpO2 on.
import { html } from "../html.js";
import { useAlarmLimits } from "../state/fetched.js";
import { NumberField, OneOf, numberIn } from "./choice.js";
import { Clinician, decisionOf, lacksOf } from "./clinician.js";
import { Sheet, missing } from "./sheet.js";
import { useWork } from "./work.js";

const BLANK = { what: "limit", which: "", limit: "", clinician: "", reason: "" };
const SCALES = { 1: "NEWS2 on scale 1", 2: "NEWS2 on scale 2, SpO2 of 88 to 92 % wanted" };

const keyOf = ({ rule, signal, comparison }) => [rule, signal, comparison].filter(Boolean).join(" ");

export function LimitsSheet({ bed, session }) {
  const work = useWork(bed, session, "limits", BLANK);
  const { values, change, field } = work;
  const { value: limits = [], problem } = useAlarmLimits(session);
  const scale = (session.news2_scales.at(-1)?.scale ?? 1) === 1 ? 2 : 1;
  const asks = values.what === "scale" ? askScale(scale) : askLimit(session, limits, values);
  const decision = decisionOf(values);
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Limits for this patient"
      about="A clinician decides; it holds until the session ends."
      name=${asks.words}
      waits=${missing("Set", [...asks.lacks, ...lacksOf(decision)])}
      act=${() =>
        work.send({
          path: `sessions/${session.id}/${asks.path}`,
          body: { ...asks.body, ...decision },
          words: `${asks.words}, ${decision.clinician}`,
          timed: false,
        })}
      again=${false}
      undo=${{ name: "Another", act: work.drop }}
    >
      <${OneOf}
        legend="What"
        name="what"
        options=${[
          ["limit", "a rule's limit"],
          ["scale", SCALES[scale]],
        ]}
        ...${field("what")}
      />
      ${problem && html`<p class="failure">No limits: ${problem}</p>`}
      ${values.what === "limit" && html`<${Limit} ...${{ limits, values, change, field }} />`}
      <${Clinician} field=${field} />
    <//>
  `;
}

function Limit({ limits, values, change, field }) {
  const chosen = limits.find((one) => keyOf(one) === values.which);
  return html`
    <label>
      <span>Which</span>
      <select onChange=${(event) => change({ which: event.target.value, limit: "" })}>
        <option value="">touch to choose</option>
        ${limits.map(
          (one) => html`
            <option key=${keyOf(one)} value=${keyOf(one)} selected=${one === chosen}>
              ${one.text} (${one.rule})
            </option>
          `,
        )}
      </select>
    </label>
    ${
      chosen &&
      html`
        <${NumberField}
          label="Limit"
          hint=${`now ${chosen.limit}; from ${chosen.least} to ${chosen.most}, empty: the rule's own`}
          ...${field("limit")}
        />
      `
    }
  `;
}

const askScale = (scale) => ({
  lacks: [],
  path: "news2-scale",
  body: { scale },
  words: `NEWS2 on scale ${scale}`,
});

// Without a number the rule set's own limit again, where the patient has another.
function askLimit(session, limits, values) {
  const chosen = limits.find((one) => keyOf(one) === values.which);
  if (!chosen) return { lacks: ["which limit"] };
  const { rule, signal, comparison, least, most } = chosen;
  const limit = numberIn(values.limit, least, most, { whole: false });
  const last = session.patient_limits.findLast((one) => keyOf(one) === values.which);
  const isOwn = values.limit.trim() === "" && last !== undefined && last.limit !== null;
  return {
    lacks: [limit === null && !isOwn && `a limit from ${least} to ${most}`],
    path: "alarm-limits",
    body: { rule, signal, comparison, limit: isOwn ? null : limit },
    words: isOwn ? `${rule}: the rule's own limit` : `${rule}: ${limit}`,
  };
}
