// A clinician's clearance: which criteria the dose, or leaving, need not wait for, who decides, why.
import { html } from "../html.js";
import { openSheet } from "../state/address.js";
import { criterionName, leavingName } from "../state/criteria.js";
import { AnyOf } from "./choice.js";
import { Clinician, decisionOf, lacksOf } from "./clinician.js";
import { clearable } from "./gate.js";
import { Sheet, missing } from "./sheet.js";
import { useWork } from "./work.js";

const SCOPES = {
  dose: { of: "gate", name: criterionName, back: "dose", words: "the dose" },
  leaving: { of: "criteria", name: leavingName, back: "discharge", words: "leaving" },
};

const LAPSES = "It lapses after half an hour, with a worse value, and with another alarm.";

export function ClearSheet({ bed, session, record }) {
  const scope = SCOPES[record] ? record : "dose";
  const { of, name, back, words } = SCOPES[scope];
  const work = useWork(bed, session, `clear-${scope}`, { items: [], clinician: "", reason: "" });
  const { items } = work.values;
  const decision = decisionOf(work.values);
  const open = clearable(session[of]);
  const chosen = items.filter((item) => open.some((one) => one.name === item));
  const lacks = [!chosen.length && "which", ...lacksOf(decision)];
  const names = chosen.map(name).join(", ");
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="A clinician clears"
      about=${`What ${words} need not wait for. ${LAPSES}`}
      name=${`Clear ${names}`}
      waits=${missing("Clear", lacks)}
      act=${() =>
        work.send({
          path: `sessions/${session.id}/clearances`,
          body: { scope, items: chosen, ...decision },
          words: `${names} cleared by ${decision.clinician}`,
          timed: false,
        })}
      again=${false}
      undo=${{ name: `Back to ${words}`, act: () => openSheet(bed.id, back) }}
    >
      ${!open.length && html`<p>Nothing is to be cleared.</p>`}
      ${
        open.length > 0 &&
        html`
          <${AnyOf}
            legend="Which"
            name="items"
            none=${null}
            options=${open.map((one) => [one.name, `${name(one.name)}: ${one.why}`])}
            ...${work.field("items")}
          />
        `
      }
      <${Clinician} field=${work.field} />
    <//>
  `;
}
