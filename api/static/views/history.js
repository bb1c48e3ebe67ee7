// What a patient's last sessions were, for the time before the next dose.
import { signed } from "../format.js";
import { html } from "../html.js";

const DISSOCIATED_OVER = 4;

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

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
