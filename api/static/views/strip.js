// The strip on top of a tile: what is wrong, what to do, since when, who has it. Always the
// same height. Without an alarm it says that the patient may leave, or nothing of note.
import { openAlarm } from "../sheets/acknowledge.js";
import {
  alarmClass,
  alarmState,
  alarmWord,
  isAdvisory,
  isLatched,
  openAlarms,
  overWords,
  quietFor,
  toldBy,
  worstAlarm,
} from "../state/alarm.js";
import { person } from "../format.js";
import { html } from "../html.js";
import { Technical } from "./technical.js";

export function Strip({ bed, now }) {
  const alarms = openAlarms(bed);
  const [worst] = alarms;
  if (bed.failing) return Unwatched({ bed, alarms });
  if (worst && !isAdvisory(worst)) return AlarmStrip({ bed, alarms, now });
  if (bed.session?.ready) return ReadyStrip({ bed, alarms });
  if (worst) return AlarmStrip({ bed, alarms, now });
  const aborted = bed.session?.state === "aborted" && "Aborted, the patient has not left yet";
  const text = aborted || (bed.session ? "No alarms" : "No session");
  return html`<div class="strip quiet"><p class="strip-text">${text}</p></div>`;
}

function AlarmStrip({ bed, alarms, now }) {
  const [worst] = alarms;
  return html`
    <div class="strip ${alarmClass(worst)}" data-shows=${toldBy(worst, alarms)}>
      <button
        class="strip-alarm"
        onClick=${() => openAlarm(bed.id, worst.id)}
      >
        <span class="strip-text">
          <span class="hidden">${alarmWord(worst)}: </span>
          ${isLatched(worst) && html`<span class="over-since">${overWords(worst)}</span>: `}
          ${worst.text}
        </span>
        <span class="strip-state">
          ${[quietFor(bed, now), ...alarmState(worst, now)]
            .filter(Boolean)
            .slice(0, 2)
            .map((line) => html`<span key=${line}>${line}</span>`)}
        </span>
        <span class="strip-guidance">${worst.guidance}</span>
      </button>
      <${More} bed=${bed} count=${alarms.length - 1} still=${stillWorse(bed, worst)} />
    </div>
  `;
}

// A graver alarm that lasts while somebody has it stays in sight beside a new one.
function stillWorse(bed, shown) {
  const worst = worstAlarm(bed);
  if (!worst || worst.id === shown.id || isLatched(worst)) return null;
  return worst;
}

function Unwatched({ bed, alarms }) {
  return html`
    <div class="strip high steady">
      <div>
        <span class="strip-text">This bed is not being watched</span>
        <span class="strip-guidance">Stay with the patient.</span>
        <${Technical}>${bed.failing}<//>
      </div>
      <${More} bed=${bed} count=${alarms.length} />
    </div>
  `;
}

function ReadyStrip({ bed, alarms }) {
  const { criteria } = bed.session;
  const met = criteria.filter((criterion) => criterion.met).length;
  return html`
    <div class="strip ready">
      <p>
        <span class="strip-text">Ready to leave · ${met} of ${criteria.length} criteria met</span>
        <span class="strip-guidance">${bed.session.discharge_text}</span>
      </p>
      <${More} bed=${bed} count=${alarms.length} kind="advisory" />
    </div>
  `;
}

function More({ bed, count, kind = "more", still = null }) {
  if (!count) return null;
  return html`
    <button class="strip-more" onClick=${() => openAlarm(bed.id, null)}>
      +${count} ${kind}<span class="hidden"> at bed ${bed.id}</span>
      ${
        still &&
        html`
          <span class="still ${still.priority}">
            ${still.priority}${still.acknowledged && `, with ${person(still.acknowledged_by)}`}
          </span>
        `
      }
    </button>
  `;
}
