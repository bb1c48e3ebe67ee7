// A test alarm, and what is known of the way from a rule to a person.
import { clock } from "../format.js";
import { html } from "../html.js";
import { provedWords } from "../state/happened.js";
import { Sheet } from "./sheet.js";
import { useWork } from "./work.js";

// Whether it is proved, when and where, in words.
export function pathWords({ proved_at: at, station, sounded, testing_since: since, why_not: why }) {
  if (since) return "test alarm under way";
  if (at) return provedWords(station, sounded, clock(Date.parse(at)));
  return `alarm path not proved${why ? `: ${why}` : ""}`;
}

export function AlarmPathSheet({ bed, session }) {
  const work = useWork(bed, session, "alarmpath", {});
  const { alarm_path: path } = session;
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Test alarm"
      about="It sounds and shows like a real one, marked TEST, for 45 s. Take it at the screen where an alarm of this bed is to be seen and heard."
      name="Raise a test alarm"
      waits=${path.testing_since && "A test alarm is waiting: take it"}
      act=${() =>
        work.send({
          path: `sessions/${session.id}/alarm-path`,
          body: {},
          words: "test alarm raised",
          timed: false,
          momentary: true,
        })}
      again=${false}
    >
      <p>So far: ${pathWords(path)}.</p>
    <//>
  `;
}
