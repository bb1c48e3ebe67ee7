// What the last sessions were: of this patient, and at this bed.
import { useEffect, useState } from "../vendor/preact-hooks.js";
import { clock, signed } from "../format.js";
import { html } from "../html.js";
import { getSessionsAt, getTreatmentCourse } from "../state/api.js";
import { Papers } from "./papers.js";

const DISSOCIATED_OVER = 4;

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

const LAST = 4;

// Before the dose the patient's are in sight; else they are a fold away, as those of the bed are.
export function Visits({ bed }) {
  const { session, history } = bed;
  return html`
    ${history?.length > 0 && html`<${History} visits=${history} />`}
    <section class="panel visits">
      ${session && html`<h2>This session</h2><${Papers} session=${session.id} />`}
      <h2>Earlier</h2>
      ${
        session &&
        !history?.length &&
        html`
          <${Fold} name="Sessions of ${session.patient}" ask=${() => earlierOf(session)}>
            ${(visits) => html`<${History} visits=${visits} />`}
          <//>
        `
      }
      <${Fold} key=${session?.id} name="Sessions at this bed" ask=${() => earlierAt(bed)}>
        ${(sessions) => html`<${AtBed} sessions=${sessions} />`}
      <//>
    </section>
  `;
}

async function earlierOf({ id, patient }) {
  const { sessions } = await getTreatmentCourse(patient);
  return sessions.filter((visit) => visit.session !== id && visit.given_mg).slice(-LAST);
}

async function earlierAt({ id: bed, session }) {
  const sessions = await getSessionsAt(bed, LAST + 1);
  return sessions.filter(({ id }) => id !== session?.id).slice(0, LAST);
}

// Asked for when it is opened.
function Fold({ name, ask, children: show }) {
  const [open, see] = useState(false);
  const [told, tell] = useState(null);
  useEffect(() => {
    if (!open) return;
    ask().then(
      (items) => tell(items.length ? show(items) : html`<p class="muted">None</p>`),
      (error) => tell(html`<p class="needed">Not known: ${error.message}</p>`),
    );
  }, [open]);
  return html`
    <details onToggle=${(event) => see(event.target.open)}>
      <summary>${name}</summary>
      ${open && told}
    </details>
  `;
}

const AtBed = ({ sessions }) => html`
  <ul>
    ${sessions.map(
      (one) => html`
        <li key=${one.id}>
          <b>${one.patient}</b> · ${day.format(new Date(one.started_at))} ${clock(one.started_at)}
          <span class="muted">${one.title} · ${one.state} ${one.ended_at ? clock(one.ended_at) : ""}</span>
          <${Papers} session=${one.id} />
        </li>
      `,
    )}
  </ul>
`;

export function History({ visits }) {
  return html`
    <section class="panel history">
      <h2>Last sessions</h2>
      <ul>
        ${visits.toReversed().map(
          (visit) => html`
            <li key=${visit.session}>
              <b>Session ${visit.number}</b> · ${day.format(new Date(visit.on))} · ${visit.given_mg} mg
              <span class="muted">${course(visit).join(" · ")}</span>
              ${(visit.not_assessed ?? []).map(
                (words) => html`<span key=${words} class="needed">not assessed: ${words}</span>`,
              )}
              ${(visit.deviations ?? []).map(
                (words) => html`<span key=${words} class="needed">${words}</span>`,
              )}
              ${visit.needed.map((words) => html`<span key=${words} class="needed">${words}</span>`)}
            </li>
          `,
        )}
      </ul>
    </section>
  `;
}

function course({ rise, cadss, moaas, ready_min: ready, ended_min: ended, state, alarms }) {
  const high = alarms.filter((alarm) => alarm.priority === "high").map((alarm) => alarm.rule);
  return [
    rise && `systolic ${signed(rise.sys)} at ${rise.at_min} min`,
    cadss && `CADSS ${cadss.most}${over(cadss)}`,
    moaas !== null && `MOAA/S ${moaas}`,
    ready === null ? `${state} at ${ended} min, not ready` : `ready at ${ready} min`,
    high.length && `high: ${high.join(", ")}`,
  ].filter(Boolean);
}

function over({ most, over_min: at }) {
  if (most <= DISSOCIATED_OVER) return "";
  return at === null ? ", not seen to be over" : `, over at ${at} min`;
}
