// What happened in the session: every event with who and what was noted, and every alarm with what
// became of it.
import { useEffect, useState } from "../vendor/preact-hooks.js";
import { capital, clock } from "../format.js";
import { html } from "../html.js";
import { isAdvisory } from "../state/alarm.js";
import { loadStory, story } from "../state/events.js";
import { alarmHistory, happenings } from "../state/happened.js";
import { link } from "../state/stream.js";

const FEW = 10;

export function Happened({ session }) {
  useEffect(() => {
    if (link.value.up) loadStory(session.id);
  }, [session.id, link.value.up]);
  if (story.value.session !== session.id) return null;
  const { items, problem } = story.value;
  return html`
    <${Listed}
      name="Alarms of the session"
      items=${alarmHistory(items)}
      line=${AlarmLine}
      keyOf=${({ alarm, raised }) => `${alarm.id} ${raised}`}
      ...${{ problem }}
    />
    <${Listed}
      name="What happened"
      items=${happenings(items)}
      line=${Line}
      keyOf=${({ seq }) => seq}
      ...${{ problem }}
    />
  `;
}

function Listed({ name, items, line: Line, keyOf, problem }) {
  const [all, showAll] = useState(false);
  const shown = all ? items : items.slice(0, FEW);
  return html`
    <section class="panel happened">
      <h2>${name} · ${items.length}</h2>
      ${problem && html`<p class="needed">Not all of it is here: ${problem}</p>`}
      ${!items.length && html`<p class="muted">None</p>`}
      <ul>${shown.map((item) => html`<${Line} key=${keyOf(item)} ...${item} />`)}</ul>
      ${
        items.length > shown.length &&
        html`<button onClick=${() => showAll(true)}>All ${items.length}</button>`
      }
    </section>
  `;
}

function Line({ at, words, by, note, priority }) {
  return html`
    <li class="happening ${priority ?? ""}">
      <time>${clock(at)}</time>
      <span>${capital(words)}${note && html`<q>${note}</q>`}</span>
      <span class="muted">${by}</span>
    </li>
  `;
}

const signed = ({ at, by, note, back }) =>
  [`${clock(at)} ${by}`, back && "taken back", note].filter(Boolean).join(", ");

function AlarmLine({ alarm, raised, notified, taken, over, ended }) {
  const rows = [
    ["raised", clock(raised)],
    ["notified", notified.map(({ at, to }) => `${clock(at)} ${to ?? ""}`).join(", ")],
    ["taken", taken.map(signed).join("; ") || "by nobody"],
    ["over", over && clock(over)],
    ["ended", ended ? [clock(ended.at), ended.by].filter(Boolean).join(" ") : "open"],
  ];
  return html`
    <li class="entry ${isAdvisory(alarm) ? "advisory" : alarm.priority}">
      <p>
        <span class="badge">${isAdvisory(alarm) ? "advisory" : alarm.priority}</span>
        <b>${alarm.text}</b>
      </p>
      <dl class="became">
        ${rows
          .filter(([, what]) => what)
          .map(([name, what]) => html`<div key=${name}><dt>${name}</dt><dd>${what}</dd></div>`)}
      </dl>
    </li>
  `;
}
