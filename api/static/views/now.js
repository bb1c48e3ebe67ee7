// What is to be done at the bed: one main button for what is due, the others beside it; and what
// could not be sent or was refused after its sheet was closed.
import { openSheet } from "../state/address.js";
import { clock } from "../format.js";
import { html } from "../html.js";
import { forget, unstored } from "../state/intentions.js";
import { asksBeforeDose, taskOf } from "../state/task.js";

// Which sheets there are, what their buttons say, and when there is one.
const OTHERS = [
  ["preparation", "Ask", asksBeforeDose],
  ["dose", "Dose", ({ gate, doses, infusion }) => gate.length || doses.length || infusion],
  ["moaas", "MOAA/S"],
  ["cadss", "CADSS"],
  ["pressure", "Pressure"],
  ["observation", "Observations"],
  ["symptom", "Symptom"],
  ["note", "Note"],
  ["cuff", "Cuff"],
  ["nurse", "Nurse"],
  ["correct", "Correct"],
  ["alarmpath", "Test alarm", ({ state }) => state !== "aborted"],
  ["limits", "Limits"],
  ["move", "Move"],
  ["discharge", "Discharge", ({ first_dose_at: at, state }) => at && state !== "aborted"],
  ["abort", "End early", ({ state }) => state !== "aborted"],
];

export function NowBar({ bed, at }) {
  const task = taskOf(bed, at);
  const others = OTHERS.filter(([sheet, , when]) =>
    bed.session ? !when || when(bed.session) : sheet === "cuff" && bed.cuff,
  );
  return html`
    <section class="panel now-bar" aria-label="To do">
      <${Unstored} bed=${bed} />
      <button class="main ${task.state}" onClick=${() => openSheet(bed.id, task.sheet)}>
        ${task.state === "overdue" && html`<span class="badge">overdue</span>`}${task.text}
      </button>
      <div class="others">
        ${others.map(
          ([sheet, words]) => html`
            <button key=${sheet} onClick=${() => openSheet(bed.id, sheet)}>${words}</button>
          `,
        )}
      </div>
    </section>
  `;
}

const STATES = { unsent: "Not sent yet", refused: "Not stored" };

function Unstored({ bed }) {
  const open = unstored().filter((one) => one.bed === bed.id);
  if (!open.length) return null;
  return html`
    <ul class="unstored" role="status">
      ${open.map(
        ({ key, state, words, pressed, problem }) => html`
          <li key=${key} class=${state}>
            <span><b>${STATES[state]}: ${words}</b>, ${clock(pressed)}: ${problem}</span>
            <button onClick=${() => forget(key)}>
              ${state === "refused" ? "Seen" : "Do not send it"}
            </button>
          </li>
        `,
      )}
    </ul>
  `;
}
