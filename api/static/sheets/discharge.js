// The discharge: each criterion for leaving with its reason and the way to it, the questions asked
// once more, and leaving against the criteria on a clinician's word.
import { html } from "../html.js";
import { leavingName, stops } from "../state/criteria.js";
import { intend } from "../state/intentions.js";
import { serverNow } from "../state/clock.js";
import { who } from "../state/who.js";
import { Field, OneOf, Text } from "./choice.js";
import { Gate, useFresh, waitsFor } from "./gate.js";
import { Sheet, missing } from "./sheet.js";
import { useWork } from "./work.js";

const BLANK = { suicidality: null, against: false, clinician: "", reason: "" };

export function DischargeSheet({ bed, session }) {
  useFresh(bed);
  const work = useWork(bed, session, "discharge", BLANK);
  const { values, change } = work;
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
      again=${false}
      aside=${html`
        <button
          type="button"
          aria-pressed=${values.against}
          onClick=${() => change({ against: !values.against })}
        >
          Against the criteria …
        </button>
      `}
    >
      <${OneOf}
        look="chips line"
        legend="Suicidal thoughts, asked now"
        name="suicidality"
        options=${[
          ["none", "none"],
          ["concern", "a concern"],
        ]}
        value=${values.suicidality}
        onChange=${(suicidality) => change({ suicidality })}
      />
      ${values.against && html`<${Against} values=${values} change=${change} />`}
      <${Gate}
        bed=${bed}
        criteria=${session.criteria}
        scope="leaving"
        name=${leavingName}
        own=${{ escort: html`<${Escort} bed=${bed} session=${session} />` }}
      />
      <p class="told">
        <b>For the patient:</b> no driving or operating machinery for 24 hours and until after a
        restful sleep.
      </p>
    <//>
  `;
}

const aboutOf = ({ state, criteria }, open) =>
  state === "aborted"
    ? "The session was aborted."
    : `${criteria.length - open.length} of ${criteria.length} criteria met or cleared.`;

function waitsOf(session, { suicidality, against, clinician, reason }, open, name) {
  if (session.ended_at) return "The session has ended";
  if (suicidality === null) return `${name}: ask for suicidal thoughts`;
  if (!against) {
    if (open.length) return waitsFor(name, open, leavingName);
    return suicidality === "concern" && `${name}: a concern, a clinician decides`;
  }
  return missing(name, [!clinician.trim() && "the clinician", !reason.trim() && "the reason"]);
}

function Against({ values, change }) {
  return html`
    <${Field}
      label="Clinician"
      maxlength="64"
      value=${values.clinician}
      onChange=${(clinician) => change({ clinician })}
    />
    <${Text}
      label="Why the clinician lets the patient go"
      value=${values.reason}
      onChange=${(reason) => change({ reason })}
    />
  `;
}

function sent(session, { suicidality, against, clinician, reason }) {
  const by = { against_criteria: { clinician: clinician.trim(), reason: reason.trim() } };
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
