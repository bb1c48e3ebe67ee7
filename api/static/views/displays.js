// Which displays show what this page shows, and which of them sound.
import { bedName, capital, few } from "../format.js";
import { html } from "../html.js";
import { pathWords } from "../sheets/alarmpath.js";
import { isMine, othersOf, showing } from "../state/display.js";

const SOUND = { on: "sounds", blocked: "sound off until it is touched", muted: "sound off" };

// For the head of a page: the beds that no other display shows.
export function OnlyHere({ beds }) {
  const alone = beds.filter(({ id }) => !othersOf(id).length);
  if (!alone.length) return null;
  const which = alone.length < beds.length ? few(alone.map(bedName)) : "this";
  return html`<span class="only-here">no other screen shows ${which}</span>`;
}

export function Displays({ bed }) {
  const there = showing(bed.id);
  const isHeard = there.some(({ sound }) => sound === "on");
  return html`
    <section class="panel displays-panel">
      <h2>Screens of this bed</h2>
      <ul class="devices">
        ${there.map(
          (one) => html`
            <li key=${one.id}>
              <span>${one.station}${isMine(one) && ", this one"}</span>
              <span>${SOUND[one.sound]}</span>
            </li>
          `,
        )}
      </ul>
      ${!othersOf(bed.id).length && html`<p>No other screen shows this bed.</p>`}
      ${bed.session?.alarm_path && html`<p class="alarm-path">${capital(pathWords(bed.session.alarm_path))}</p>`}
      ${!isHeard && html`<p><b>No screen sounds this bed's alarms.</b></p>`}
    </section>
  `;
}
