// One bed on the board: its strip, who lies there, the numbers, the course, what comes next.
import { alarmClass, worstAlarm } from "../state/alarm.js";
import { Course, alarmsIn120 } from "./course.js";
import { DeviceList } from "./devices.js";
import { bedName, bedWords, clock, left } from "../format.js";
import { html } from "../html.js";
import { Numerals, Scores } from "./numerals.js";
import { nextCheck } from "../state/schedule.js";
import { Strip } from "./strip.js";
import { Technical } from "./technical.js";

export function Tile({ bed, course, now, speed }) {
  const { session } = bed;
  const worst = worstAlarm(bed);
  return html`
    <article
      class="tile ${worst ? alarmClass(worst) : ""} ${bed.failing ? "unwatched" : ""}"
      aria-label=${bedWords(bed)}
      data-bed=${bed.id}
    >
      <${Strip} bed=${bed} now=${now} />
      <header class="who">
        <h2 class=${bed.name ? "named" : ""}>
          <a href="#/bed/${encodeURIComponent(bed.id)}" aria-label=${bedWords(bed)} title=${bed.name}>
            ${bedName(bed)}
          </a>
        </h2>
        ${bed.name && html`<p class="bed-id">${bed.id}</p>`}
        <p class="patient">
          <b>${session?.patient ?? "free"}</b>
          <span>${session ? session.title : lastSession(bed)}</span>
        </p>
        ${session && html`<${Clock} session=${session} now=${now} />`}
      </header>
      <${Numerals} bed=${bed} now=${now} speed=${speed} />
      ${
        session
          ? html`
            <${Scores} bed=${bed} />
            <${Course} alarms=${bed.alarms} ...${{ session, course, now, speed }} />
            <${Foot} bed=${bed} now=${now} />
          `
          : html`<${Devices} bed=${bed} />`
      }
    </article>
  `;
}

// The time left of the window, or in which phase the session is: [large, small].
export function sessionClock(session, now) {
  const ends = Date.parse(session.window_ends_at) || null;
  if (session.state === "aborted") return ["Aborted", "the patient has not left yet"];
  if (session.ready) return ["Ready", `window over since ${clock(ends)}`];
  if (session.state === "baseline") return ["Baseline", "before the dose"];
  const { infusion } = session;
  if (infusion && !infusion.ended_at) {
    const minutes = Math.floor((now - Date.parse(infusion.started_at)) / 60_000);
    const planned = infusion.planned_min ? ` of ${Math.round(infusion.planned_min)}` : "";
    const state = infusion.running ? "infusion" : "infusion paused";
    return [ends ? left(ends - now) : "–", `${state}, ${minutes}${planned} min`];
  }
  if (session.state === "dosing") return ["Dosing", `${given(session)} mg given`];
  if (!ends) return ["–", session.state];
  if (ends > now) return [left(ends - now), "left of window"];
  const open = session.criteria.find((criterion) => !criterion.met);
  return ["Not ready", open?.why ?? "window over"];
}

const lastSession = ({ last }) =>
  last ? `last ${last.patient}, ${last.state} at ${clock(last.ended_at)}` : "";

const given = (session) => session.doses.reduce((sum, dose) => sum + dose.mg, 0);

export function Clock({ session, now }) {
  const [large, small] = sessionClock(session, now);
  return html`<p class="clock"><b>${large}</b><span title=${small}>${small}</span></p>`;
}

function Foot({ bed, now }) {
  const next = nextCheck(bed.session, now);
  return html`
    <footer>
      <span class="next ${next.state}" title=${next.names}>${next.text}</span>
      <span class="nurse">${bed.session.nurse ? html`with <b>${bed.session.nurse}</b>` : "nobody watches"}</span>
      <span class="burden">${alarmsIn120(bed)}</span>
    </footer>
  `;
}

// A bed without a session: its devices, and what to do about one that does not answer.
function Devices({ bed }) {
  if (!bed.devices.length) {
    return html`
      <div class="idle">
        <p class="hint">No device at this bed.</p>
        <${Technical}>Add one under <code>[[beds.devices]]</code> in the site file.<//>
      </div>
    `;
  }
  const dead = bed.devices.some((device) => device.link !== "up" || device.silent);
  return html`
    <div class="idle">
      <${DeviceList} devices=${bed.devices} />
      ${
        dead &&
        html`
          <p class="hint">Check that it is on and its cable is in. If it stays, call the technician.</p>
          <${Technical}>
            To see what answers: <code>postdose check --config site.toml</code>
          <//>
        `
      }
    </div>
  `;
}
