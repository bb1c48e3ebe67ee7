// The times of what was given, after the machine was started anew: whether they are right.
import { html } from "../html.js";
import { clock, rough } from "../format.js";
import { now } from "../state/clock.js";
import { Sheet } from "./sheet.js";
import { useWork } from "./work.js";

export function DoseTimeSheet({ bed, session }) {
  const work = useWork(bed, session, "dosetime", {});
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="When the dose was given"
      about="The machine was started anew, and its clock may be wrong. Look at another clock."
      name="These times are right"
      waits=${session.dose_time_doubted_at === null && "Nothing is in doubt"}
      act=${() =>
        work.send({
          path: `sessions/${session.id}/dose-time`,
          body: {},
          words: "the dose's time confirmed",
          timed: false,
        })}
      again=${false}
    >
      <ul>
        ${givenAt(session).map(
          ([what, at]) => html`
            <li key=${`${what} ${at}`}>
              <b>${what}</b> at ${clock(at)}, ${rough(now.value - Date.parse(at))} ago
            </li>
          `,
        )}
        <li>now it is ${clock(now.value)}</li>
      </ul>
      <p class="muted">If a time is wrong, put that dose right first.</p>
    <//>
  `;
}

function givenAt({ doses, infusion }) {
  const given = doses.map(({ mg, at }) => [`${mg} mg`, at]);
  if (infusion) given.push(["infusion started", infusion.started_at]);
  if (infusion?.ended_at) given.push(["infusion ended", infusion.ended_at]);
  return given;
}
