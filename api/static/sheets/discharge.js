// The discharge: each criterion for leaving with its reason and the way to it, the questions asked
// once more, and leaving against the criteria on a clinician's word.
import { html } from "../html.js";
import { leavingName, stops } from "../state/criteria.js";
import { intend } from "../state/intentions.js";
import { serverNow } from "../state/clock.js";
import { who } from "../state/who.js";
import { Papers } from "../views/papers.js";
import { Toggle } from "./choice.js";
import { Clinician, TO_LEAVE, decisionOf, lacksOf } from "./clinician.js";
import { Gate, useFresh, waitsFor } from "./gate.js";
import { Suicidality } from "./preparation.js";
import { Sheet, missing } from "./sheet.js";
import { undoEnd } from "./reopen.js";
import { useWork } from "./work.js";

const BLANK = { suicidality: null, against: false, clinician: "", reason: "" };

export function DischargeSheet({ bed, session }) {
  useFresh(bed);
  const work = useWork(bed, session, "discharge", BLANK);
  const { values, field } = work;
  const open = session.criteria.filter(stops);
  const name = values.against ? "Discharge against the criteria" : "Discharge";
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Discharge"
      about=${aboutOf(session, open)}
      name=${name}
      waits=${waitsOf(session, values, open, name)}
      act=${() => work.send(sent(session, values))}
      stored=${html`<${Papers} session=${session.id} />`}
      again=${false}
      undo=${undoEnd(bed, session, work)}
      aside=${html`<${Toggle} ...${field("against")}>Against the criteria …<//>`}
    >
      <${Suicidality} legend="Suicidal thoughts, asked now" ...${field("suicidality")} />
      ${values.against && html`<${Clinician} field=${field} why=${TO_LEAVE} />`}
      <${Gate}
        bed=${bed}
        criteria=${session.criteria}
        scope="leaving"
        name=${leavingName}
        own=${{ escort: html`<${Escort} bed=${bed} session=${session} />` }}
      />
      <p class="told"><b>For the patient:</b> ${session.discharge_text}</p>
    <//>
  `;
}

const aboutOf = ({ state, criteria }, open) =>
  state === "aborted"
    ? "The session was aborted."
    : `${criteria.length - open.length} of ${criteria.length} criteria met or cleared.`;

function waitsOf(session, values, open, name) {
  const { suicidality, against } = values;
  if (session.ended_at) return "The session has ended";
  if (suicidality === null) return `${name}: ask for suicidal thoughts`;
  if (!against) {
    if (open.length) return waitsFor(name, open, leavingName);
    return suicidality === "concern" && `${name}: a concern, a clinician decides`;
  }
  return missing(name, lacksOf(decisionOf(values)));
}

function sent(session, values) {
  const { suicidality, against } = values;
  const by = { against_criteria: decisionOf(values) };
  return {
    path: `sessions/${session.id}/close`,
    body: { escort: session.escort, suicidality, ...(against ? by : {}) },
    words: against ? "discharged against the criteria" : "discharged",
    timed: false,
  };
}

// Who takes the patient home is confirmed in one touch, and stored at once.
function Escort({ bed, session }) {
  const confirm = () =>
    intend({
      path: `sessions/${session.id}/escort`,
      body: { by: who.value },
      words: "escort confirmed",
      bed: bed.id,
      pressed: serverNow(),
    });
  return html`
    <button type="button" disabled=${!who.value} onClick=${confirm}>Escort is here</button>
  `;
}
