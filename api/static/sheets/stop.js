// The stop of dosing before all that was planned is given: why no further device is given.
import { html } from "../html.js";
import { Text } from "./choice.js";
import { Sheet } from "./sheet.js";
import { useWork } from "./work.js";

// Whether there is dosing to stop: between two devices.
export const canStop = ({ gate, first_dose_at: dosed, infusion }) =>
  gate.length > 0 && dosed !== null && infusion === null;

const typed = ({ reason }) => ({ reason });

export function StopSheet({ bed, session, record }) {
  const work = useWork(bed, session, "stop", { reason: "" }, { record, typed });
  const reason = work.values.reason.trim();
  const { dosing_stopped: stopped, given_mg: given, planned_mg: planned } = session;
  const amount = planned === null ? `${given} mg` : `${given} of ${planned} mg`;
  const lack = !reason && "Stop dosing: say why";
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Stop dosing"
      about=${
        stopped
          ? `Dosing ${stopped}.`
          : `${amount} given. No further device; the window counts from the last one.`
      }
      name=${work.corrects ? "Store the reason" : `Stop after ${amount}`}
      waits=${work.corrects || canStop(session) ? lack : whyNot(session)}
      act=${() =>
        work.send({
          path: `sessions/${session.id}/dosing-stop`,
          body: { reason },
          words: `dosing stopped: ${reason}`,
        })}
      sheet="stop"
      again=${false}
    >
      <${Text} label="Why no more is given" ...${work.field("reason")} />
    <//>
  `;
}

function whyNot({ dosing_stopped: stopped, first_dose_at: dosed, infusion }) {
  if (stopped) return "Dosing is stopped already";
  if (infusion) return "End the infusion instead";
  return dosed ? "Dosing is over" : "Nothing is given yet: end the session early instead";
}
