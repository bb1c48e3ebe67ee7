// The cuff is kept from being started, with why, or allowed again.
import { html } from "../html.js";
import { startsAtDevice } from "../state/task.js";
import { Text } from "./choice.js";
import { Sheet } from "./sheet.js";
import { useWork } from "./work.js";

export function CuffSheet({ bed }) {
  const work = useWork(bed, bed.session, "cuff", { reason: "" });
  const reason = work.values.reason.trim();
  const stopped = bed.cuff?.inhibited;
  const action = stopped ? "allow" : "stop";
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Cuff"
      about=${stopped ? `It is stopped: ${stopped}.` : "It is started when a pressure is due."}
      name=${stopped ? "Allow the cuff again" : "Stop the cuff"}
      waits=${waitsOf(bed, stopped, reason)}
      act=${() =>
        work.send({
          path: `beds/${bed.id}/cuff`,
          body: { action, ...(stopped ? {} : { reason }) },
          words: stopped ? "the cuff may be started" : `the cuff is stopped, ${reason}`,
          timed: false,
        })}
      again=${false}
      undo=${{ name: stopped ? "Undo: allow it" : "Undo: stop it", act: work.drop }}
    >
      ${
        !stopped &&
        html`
          <p>
            A measurement that runs is ended, and none is started until the cuff is allowed again.
            Measure by hand meanwhile.
          </p>
          <${Text} label="Why" ...${work.field("reason")} />
        `
      }
    <//>
  `;
}

function waitsOf(bed, stopped, reason) {
  if (startsAtDevice(bed)) return "Stop it on the monitor: it cannot be started from here";
  if (!bed.devices.some((device) => device.can_measure)) return "No cuff at this bed";
  return !stopped && !reason && "Stop the cuff: say why";
}
