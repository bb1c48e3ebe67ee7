// What a clinician sets for this patient: a rule's limit, or the scale that NEWS2 scores SpO2 on.
import { html } from "../html.js";
import { useAlarmLimits } from "../state/fetched.js";
import { Field, NumberField, OneOf, Text, numberIn } from "./choice.js";
import { Sheet, missing } from "./sheet.js";
import { useWork } from "./work.js";

const BLANK = { what: "limit", which: "", limit: "", clinician: "", reason: "" };
const SCALES = { 1: "NEWS2 on scale 1", 2: "NEWS2 on scale 2, SpO2 of 88 to 92 % wanted" };

const keyOf = ({ rule, signal, comparison }) => [rule, signal, comparison].filter(Boolean).join(" ");

export function LimitsSheet({ bed, session }) {
  const work = useWork(bed, session, "limits", BLANK);
  const { values, change } = work;
  const { value: limits = [], problem } = useAlarmLimits(session);
  const scale = (session.news2_scales.at(-1)?.scale ?? 1) === 1 ? 2 : 1;
  const asks = values.what === "scale" ? askScale(scale) : askLimit(session, limits, values);
  const clinician = values.clinician.trim();
  const reason = values.reason.trim();
  const lacks = [...asks.lacks, !clinician && "the clinician", !reason && "the reason"];
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Limits for this patient"
      about="A clinician decides; it holds until the session ends."
      name=${asks.words}
      waits=${missing("Set", lacks)}
      act=${() =>
        work.send({
          path: `sessions/${session.id}/${asks.path}`,
          body: { ...asks.body, clinician, reason },
          words: `${asks.words}, ${clinician}`,
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
        value=${values.what}
        onChange=${(what) => change({ what })}
      />
      ${problem && html`<p class="failure">No limits: ${problem}</p>`}
      ${values.what === "limit" && html`<${Limit} ...${{ limits, values, change }} />`}
      <${Field}
        label="Clinician"
        maxlength="64"
        value=${values.clinician}
        onChange=${(text) => change({ clinician: text })}
      />
      <${Text} label="Reason" value=${values.reason} onChange=${(text) => change({ reason: text })} />
    <//>
  `;
}

function Limit({ limits, values, change }) {
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
          value=${values.limit}
          onChange=${(limit) => change({ limit })}
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
