// What people have put on record, and what the next administration waits for.
import { clock } from "../format.js";
import { html } from "../html.js";
import { MARKS, criterionName, stateOf } from "../state/criteria.js";
import { GRADES, inWords } from "../state/records.js";

// Met, cleared or not and why, one a line. What is only a remark never counts against the dose.
export function Conditions({ title, items, name = criterionName }) {
  const waits = items.filter((item) => item.required);
  const met = waits.filter((item) => item.met || item.cleared_by).length;
  return html`
    <section class="panel">
      <h2>${title} · ${met} of ${waits.length}</h2>
      <ul class="criteria">
        ${items.map((item) => {
          const state = stateOf(item);
          const [mark, words] = MARKS[state];
          return html`
            <li key=${item.name} class=${state}>
              <span aria-label=${words}>${mark}</span>
              <span>${name(item.name)}</span><span class="muted">${item.why}</span>
            </li>
          `;
        })}
      </ul>
    </section>
  `;
}

// Symptoms there are now, NEWS2, and limits that are not the rule set's own.
export function Findings({ session }) {
  const lines = [...symptoms(session), ...news2(session), ...limits(session)];
  if (!lines.length) return null;
  return html`
    <section class="panel findings">
      <h2>Found</h2>
      <ul>${lines.map(([what, more]) => html`<li key=${what}>${what} <span class="muted">${more}</span></li>`)}</ul>
    </section>
  `;
}

function symptoms(session) {
  const latest = new Map(session.symptoms.map((symptom) => [symptom.name, symptom]));
  return [...latest.values()]
    .filter((symptom) => symptom.grade)
    .map(({ name, grade, note, by }) => [
      `${inWords(name)}, ${GRADES[grade]}`,
      [note, by].filter(Boolean).join(" · "),
    ]);
}

function news2({ news2: scored }) {
  if (!scored) return [];
  const since = (name) => (scored.held_since?.[name] ? ` since ${clock(scored.held_since[name])}` : "");
  const held = Object.entries(scored.held).map(([name, own]) => `${inWords(name)} ${own} held${since(name)}`);
  const without = scored.missing.filter((name) => !(name in scored.held)).map(inWords);
  const lacks = [...(without.length ? [`without ${without.join(", ")}`] : []), ...held].join(", ");
  const total = Object.values(scored.held).reduce((sum, own) => sum + own, scored.total);
  const scale = scored.scale === 2 ? ", SpO2 on scale 2" : "";
  return [[`NEWS2 ${total} at ${clock(scored.at)}${scale}`, lacks && `partial: ${lacks}`]];
}

function limits(session) {
  const which = ({ signal, comparison }) =>
    comparison ? `${signal} ${comparison.replaceAll("_", " ")}` : signal;
  const latest = new Map(
    session.patient_limits.map((set) => [`${set.rule} ${which(set)}`, set]),
  );
  return [...latest.values()]
    .filter((set) => set.limit !== null)
    .map((set) => [
      `${set.rule}: ${which(set)} ${set.limit} for this patient, not ${set.was}`,
      `${set.clinician}: ${set.reason}`,
    ]);
}
