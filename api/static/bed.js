// One bed's page: how the patient is now, how it has gone, what has to be met before leaving.
import { AlarmText, openAlarm, verbFor } from "./acknowledge.js";
import { alarmClass, openAlarms } from "./alarm.js";
import { now } from "./clock.js";
import { Course, alarmsIn120 } from "./course.js";
import { bedName } from "./format.js";
import { Banners, Header } from "./header.js";
import { History } from "./history.js";
import { html } from "./html.js";
import { Numerals, Scores } from "./numerals.js";
import { Quiet } from "./quiet.js";
import { Conditions, Findings } from "./record.js";
import { nextCheck } from "./schedule.js";
import { Clock, DeviceList } from "./tile.js";
import { courses, status } from "./ward.js";

export function BedPage({ bed }) {
  const { session } = bed;
  const at = now.value;
  const { speed } = status.value;
  return html`
    <${Header} status=${status.value} beds=${[bed]} now=${at}>
      <h1><a href="#" aria-label="Back to the ward">← ${bedName(bed)}</a></h1>
      <p class="site">
        <b>${session?.patient ?? "free"}</b> ${session && `${session.title} · ${watching(session)}`}
      </p>
    <//>
    <${Banners} status=${status.value} />
    <main class="bed">
      <section class="panel now-panel">
        <${Numerals} bed=${bed} now=${at} speed=${speed} />
        ${session && html`<${Scores} session=${session} />`}
      </section>
      <section class="panel course-panel">
        <h2>The session</h2>
        ${
          session
            ? html`
              <${Clock} session=${session} now=${at} />
              <${Course}
                large
                session=${session}
                alarms=${bed.alarms}
                course=${courses.value[bed.id]}
                now=${at}
                speed=${speed}
              />
              <p class="next ${nextCheck(session, at).state}">${nextCheck(session, at).text}</p>
            `
            : html`<p class="muted">No session at this bed.</p>`
        }
      </section>
      <div class="side">
        <${Alarms} bed=${bed} at=${at} />
        ${session && html`<${Conditions} ...${conditions(session)} />`}
        ${bed.history?.length > 0 && html`<${History} visits=${bed.history} />`}
        ${session && html`<${Findings} session=${session} />`}
        <section class="panel"><h2>Devices</h2><${DeviceList} devices=${bed.devices} /></section>
      </div>
    </main>
  `;
}

function Alarms({ bed, at }) {
  const alarms = openAlarms(bed);
  return html`
    <section class="panel">
      <h2>Alarms · ${alarmsIn120(bed)}</h2>
      ${!alarms.length && html`<p class="muted">No alarms</p>`}
      <${Quiet} bed=${bed} at=${at} />
      <ul class="alarms">
        ${alarms.map(
          (alarm) => html`
            <li key=${alarm.id} class="entry ${alarmClass(alarm)}">
              <${AlarmText} alarm=${alarm} at=${at} />
              <button onClick=${() => openAlarm(bed.id, alarm.id, verbFor(alarm))}>
                ${verbFor(alarm).name} …
              </button>
            </li>
          `,
        )}
      </ul>
    </section>
  `;
}

const CRITERIA = {
  "window-over": "Window over",
  "discharge-checks": "Last checks before leaving",
  "pressure-not-severe": "Last two pressures below severe",
  "pressure-near-baseline": "Pressure near baseline",
  spo2: "SpO2 steady",
  cadss: "CADSS back",
  moaas: "MOAA/S 5",
  "no-respiratory-depression": "No respiratory depression",
  "no-serious-event": "No serious event",
  "no-alarm": "No alarm of medium or high priority",
  "no-check-overdue": "No check overdue",
  escort: "Escort confirmed",
};

const words = (name) => CRITERIA[name] ?? name.replaceAll(/[-_]/g, " ");

// While an administration is to come what that waits for, then what leaving waits for; after an
// abort what its record still lacks.
function conditions(session) {
  if (session.state === "aborted") {
    const lacks = { met: false, required: true, why: "of the abort" };
    const items = session.to_be_completed.map((name) => ({ name, ...lacks }));
    return { title: "To be completed", items, name: words };
  }
  return session.gate.length
    ? { title: "Ready for the dose", items: session.gate }
    : { title: "Ready to leave", items: session.criteria, name: words };
}

function watching({ nurse, handing_to: to }) {
  if (!nurse) return "nobody watches";
  return to ? `with ${nurse}, handing over to ${to}` : `with ${nurse}`;
}
