// What people have put on record, and what the first dose waits for.
import { html } from "./html.js";

const CONDITIONS = {
  "baseline-pressure": "Pressure of the last 30 min",
  "pressure-acceptable": "Pressure acceptable",
  "baseline-spo2": "SpO2",
  "baseline-cadss": "CADSS",
  "baseline-moaas": "MOAA/S",
  "starting-dose": "Starting dose",
  medicines: "Medicines asked",
  "escort-planned": "Escort planned",
};

const GRADES = ["none", "mild", "moderate", "severe"];

const words = (name) => CONDITIONS[name] ?? name.replaceAll("-", " ");

// Met or not and why, one a line; what is only asked for is marked as such.
export function Conditions({ title, items, name = words }) {
  const met = items.filter((item) => item.met).length;
  return html`
    <section class="panel">
      <h2>${title} · ${met} of ${items.length}</h2>
      <ul class="criteria">
        ${items.map(
          ({ name: of, met: is, why }) => html`
            <li key=${of} class=${is ? "met" : "unmet"}>
              <span aria-label=${is ? "met" : "not met"}>${is ? "✓" : "✕"}</span>
              <span>${name(of)}</span><span class="muted">${why}</span>
            </li>
          `,
        )}
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
      `${name.replaceAll("-", " ")}, ${GRADES[grade]}`,
      [note, by].filter(Boolean).join(" · "),
    ]);
}

function news2({ news2: scored }) {
  if (!scored) return [];
  const lacks = scored.missing.length ? `partial: without ${scored.missing.join(", ")}` : "";
  return [[`NEWS2 ${scored.total}`, lacks]];
}

function limits(session) {
  const latest = new Map(session.patient_limits.map((set) => [`${set.rule} ${set.signal}`, set]));
  return [...latest.values()]
    .filter((set) => set.limit !== null)
    .map(({ rule, signal, limit, was, clinician, reason }) => [
      `${rule}: ${signal} ${limit} for this patient, not ${was}`,
      `${clinician}: ${reason}`,
    ]);
}
