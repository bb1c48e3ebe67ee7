// One bed's page: how the patient is now, how it has gone, what is to be done.
import { useState } from "../vendor/preact-hooks.js";
import { bedName, few } from "../format.js";
import { html } from "../html.js";
import { AlarmText, openAlarm, verbFor } from "../sheets/acknowledge.js";
import { there } from "../sheets/nurse.js";
import { useSheet } from "../sheets/open.js";
import { alarmClass, openAlarms } from "../state/alarm.js";
import { now } from "../state/clock.js";
import { leavingName } from "../state/criteria.js";
import { nextCheck } from "../state/schedule.js";
import { courses, status } from "../state/ward.js";
import { alarmsIn120 } from "./course.js";
import { Devices } from "./devices.js";
import { Displays } from "./displays.js";
import { Happened } from "./happened.js";
import { Banners, Header } from "./header.js";
import { Visits } from "./history.js";
import { NowBar } from "./now.js";
import { Numerals, Scores } from "./numerals.js";
import { Picture } from "./picture.js";
import { Quiet } from "./quiet.js";
import { Conditions, Findings } from "./record.js";
import { Records } from "./records.js";
import { Strip } from "./strip.js";
import { Clock } from "./tile.js";
import { Wave } from "./wave.js";

export function BedPage({ bed }) {
  const { session } = bed;
  const at = now.value;
  const { speed } = status.value;
  const sheet = useSheet(bed);
  const [all, showAll] = useState(false);
  return html`
    <div class="bed-page">
      <div class="bed-top">
        <${Header} status=${status.value} beds=${[bed]} now=${at}>
          <h1><a href="#">← ${bedName(bed)}<span class="hidden"> back to the ward</span></a></h1>
          ${bed.name && html`<p class="bed-id">${bed.id}</p>`}
          <p class="site">
            <b>${session?.patient ?? "No patient"}</b>
            ${session && html` ${session.title} · ${watching(session)}`}
          </p>
        <//>
        <${Banners} status=${status.value} here=${bed.id} />
        <${Strip} bed=${bed} now=${at} />
      </div>
      <main class="bed" inert=${sheet !== null}>
        <div class="left">
          <section class="panel now-panel">
            <${Numerals} bed=${bed} now=${at} speed=${speed} wave=${html`<${Wave} bed=${bed} />`} />
            ${session && html`<${Scores} bed=${bed} rate />`}
          </section>
          <${Devices} bed=${bed} />
          <${Displays} bed=${bed} />
          <${Visits} bed=${bed} />
        </div>
        <div class="middle">
          <${NowBar} bed=${bed} at=${at} />
          <${SoFar} ...${{ bed, at, speed }} />
          ${session && html`<${Happened} session=${session} />`}
        </div>
        <div class="side">
          <${Alarms} bed=${bed} at=${at} />
          ${session && html`<${Conditions} ...${conditions(session)} />`}
          ${session && html`<${Findings} session=${session} />`}
          ${session && html`<${Records} bed=${bed} all=${all} showAll=${() => showAll(true)} />`}
        </div>
      </main>
      ${sheet}
    </div>
  `;
}

function SoFar({ bed, at, speed }) {
  const { session, alarms } = bed;
  if (!session) return null;
  const next = nextCheck(session, at);
  return html`
    <section class="panel course-panel">
      <h2>The session</h2>
      <${Clock} session=${session} now=${at} />
      ${session.dosing_stopped && html`<p class="stopped">Dosing ${session.dosing_stopped}</p>`}
      <${Picture}
        key=${session.id}
        course=${courses.value[bed.id]}
        now=${at}
        ...${{ session, alarms, speed }}
      />
      <p class="next ${next.state}">${next.text}</p>
    </section>
  `;
}

function Alarms({ bed, at }) {
  const alarms = openAlarms(bed);
  return html`
    <section class="panel alarms-panel">
      <h2>Alarms · ${alarmsIn120(bed)}</h2>
      ${!alarms.length && html`<p class="muted">No alarms</p>`}
      <${Quiet} bed=${bed} at=${at} />
      <ul class="alarms">
        ${alarms.map(
          (alarm) => html`
            <li key=${alarm.id} class="entry ${alarmClass(alarm)}" data-shows="${alarm.id}:${alarm.count}">
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

// While an administration is to come what that waits for, then what leaving waits for; after an
// abort what its record still lacks.
function conditions(session) {
  if (session.state === "aborted") {
    const lacks = { met: false, required: true, why: "of the abort" };
    const items = session.to_be_completed.map((name) => ({ name, ...lacks }));
    return { title: "To be completed", items, name: leavingName };
  }
  return session.gate.length
    ? { title: "Ready for the dose", items: session.gate }
    : { title: "Ready to leave", items: session.criteria, name: leavingName };
}

function watching(session) {
  const { nurse, handing_to: to } = session;
  const others = there(session).filter(({ role }) => role !== "assigned");
  const as = others.length ? `, and ${few(others.map(({ by }) => by))}` : "";
  if (!nurse) return `nobody watches${as}`;
  return `with ${nurse}${to ? `, handing over to ${to}` : ""}${as}`;
}
