// A session that has to end early, what its record still lacks, and that the patient has left.
import { html } from "../html.js";
import { now } from "../state/clock.js";
import { Field, OneOf, Text, TimeField } from "./choice.js";
import { Clinician, TO_LEAVE, decisionOf } from "./clinician.js";
import { lackOf, momentOf } from "./moment.js";
import { undoEnd } from "./reopen.js";
import { Sheet, missing } from "./sheet.js";
import { useWork } from "./work.js";

const OUTCOMES = [
  ["transferred", "transferred"],
  ["withdrew", "withdrew"],
  ["other", "other"],
];
const BLANK = { reason: "", outcome: null, destination: "", clinician: "", why: "" };
const ALL = ["reason", "outcome", "destination", "against_criteria"];
const WORDS = {
  reason: "the reason",
  outcome: "the outcome",
  destination: "where to",
  against_criteria: "the clinician and why",
};

export function AbortSheet({ bed, session }) {
  const work = useWork(bed, session, "abort", BLANK);
  const { values, field } = work;
  const completes = session.state === "aborted";
  const asked = completes ? session.to_be_completed : ALL;
  const said = answers(values, asked);
  const lacks = needed(session, values, completes).filter((name) => !(name in said));
  const name = completes ? "Complete the abort" : "End the session early";
  const waits = completes && !Object.keys(said).length ? asked : lacks;
  const asks = (of) => asked.includes(of);
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title=${completes ? "Complete the abort" : "End early"}
      about=${completes ? "What the record of the abort still lacks." : EARLY}
      name=${name}
      waits=${missing(name, waits.map((one) => WORDS[one]))}
      act=${() =>
        work.send({
          path: `sessions/${session.id}/abort`,
          body: said,
          words: completes ? "the abort completed" : `ended early${outcomeOf(values)}`,
          timed: false,
        })}
      again=${false}
      undo=${undoEnd(bed, session, work)}
    >
      ${
        asks("outcome") &&
        html`
          <${OneOf}
            legend="What becomes of the patient"
            name="outcome"
            options=${OUTCOMES}
            ...${field("outcome")}
          />
        `
      }
      ${asks("reason") && html`<${Text} label="Why" ...${field("reason")} />`}
      ${
        asks("destination") &&
        html`<${Field} label="Where to" maxlength="100" ...${field("destination")} />`
      }
      ${
        asks("against_criteria") &&
        html`<${Clinician} field=${field} why=${TO_LEAVE} reason="why" />`
      }
    <//>
  `;
}

const EARLY = `Before the first dose the reason is enough. After it, or with an alarm of the patient
  open, also the outcome and a clinician. A transfer is never held up: the rest may follow.`;

const outcomeOf = ({ outcome }) => (outcome ? `: ${outcome}` : "");

function answers({ reason, outcome, destination, clinician, why }, asked) {
  const against = decisionOf({ clinician, reason: why });
  const all = {
    reason: reason.trim(),
    outcome,
    destination: destination.trim(),
    against_criteria: against.clinician && against.reason ? against : null,
  };
  return Object.fromEntries(asked.map((name) => [name, all[name]]).filter(([, value]) => value));
}

const needed = ({ abort_needs: needs }, { outcome }, completes) =>
  completes || outcome === "transferred" ? [] : needs;

export function LeftSheet({ bed, session }) {
  const work = useWork(bed, session, "left", { at: "", destination: "" });
  const { values, field } = work;
  const at = momentOf(values.at, now.value);
  const destination = values.destination.trim();
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="The patient has left"
      about="The session was aborted and goes on while the patient is here. This ends it, and its alarms."
      name="The patient has left the bed"
      waits=${
        session.state !== "aborted"
          ? "First discharge the patient, or end the session early"
          : missing("Store", [lackOf(values.at, at)])
      }
      act=${() =>
        work.send({
          path: `sessions/${session.id}/left`,
          body: destination ? { destination } : {},
          words: "the patient has left",
          at,
        })}
      again=${false}
      undo=${undoEnd(bed, session, work)}
    >
      <${TimeField} ...${field("at")} />
      <${Field}
        label="Where to"
        hint=${session.destination ?? "optional"}
        maxlength="100"
        ...${field("destination")}
      />
    <//>
  `;
}
