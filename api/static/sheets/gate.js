// The criteria in a sheet: met, cleared, or not and why, and beside what is not met the way to it.
// Whether one is met only the server says; while a sheet looks at them they are asked for again.
import { useEffect } from "../vendor/preact-hooks.js";
import { few } from "../format.js";
import { html } from "../html.js";
import { openSheet } from "../state/address.js";
import { MARKS, criterionName, stateOf } from "../state/criteria.js";
import { reloadBed } from "../state/ward.js";

const EVERY_MS = 3000;
const CHECKS = [
  ["pressure", "Pressure"],
  ["moaas", "MOAA/S"],
  ["cadss", "CADSS"],
  ["observation", "Respiratory rate"],
];
// Where what is not met is seen to: [sheet, words], by criterion.
const WAYS = {
  pressure: [["pressure", "Measure"]],
  moaas: [["moaas", "Score"]],
  cadss: [["cadss", "Score"]],
  contraindications: [["preparation", "Ask"]],
  suicidality: [["preparation", "Ask"]],
  fasting: [["preparation", "Ask"]],
  medicines: [["preparation", "Ask"]],
  cautions: [["preparation", "Ask"]],
  "escort-planned": [["preparation", "Ask"]],
  "pressure-near-baseline": [["pressure", "Measure"]],
  "pressure-not-severe": [["pressure", "Measure"]],
  "dose-time": [["dosetime", "Confirm"]],
  "discharge-checks": CHECKS.slice(0, 3),
  "no-check-overdue": CHECKS,
};

export const clearable = (criteria) => criteria.filter((one) => one.clearable);

// Has the bed fetched again while it is looked at: time alone changes what is met.
export function useFresh(bed) {
  useEffect(() => {
    const timer = setInterval(() => reloadBed(bed.id), EVERY_MS);
    return () => clearInterval(timer);
  }, [bed.id]);
}

// What is to be seen to before what is met, each in the order in which a nurse would ask.
const ORDER = ["unmet", "remark", "passed", "met"];
const inOrder = (criteria) =>
  criteria.toSorted((a, b) => ORDER.indexOf(stateOf(a)) - ORDER.indexOf(stateOf(b)));

// `scope` is what waits, the dose or leaving; `own` are further ways, by criterion.
export function Gate({ bed, criteria, scope, name = criterionName, own = {} }) {
  return html`
    <ul class="gate">
      ${inOrder(criteria).map((one) => {
        const state = stateOf(one);
        const [mark, words] = MARKS[state];
        const ways = one.met ? [] : (WAYS[one.name] ?? []);
        return html`
          <li key=${one.name} class=${state}>
            <span class="sign" aria-label=${words}>${mark}</span>
            <span><b>${name(one.name)}</b> <span class="muted">${whyOf(one)}</span></span>
            <span class="ways">
              ${!one.met && own[one.name]}
              ${ways.map(
                ([sheet, verb]) => html`
                  <button
                    key=${sheet}
                    type="button"
                    aria-label="${verb}: ${name(one.name)}"
                    onClick=${() => openSheet(bed.id, sheet)}
                  >
                    ${verb}
                  </button>
                `,
              )}
            </span>
          </li>
        `;
      })}
    </ul>
    ${
      clearable(criteria).length > 0 &&
      html`
        <button type="button" onClick=${() => openSheet(bed.id, "clear", scope)}>
          A clinician clears …
        </button>
      `
    }
  `;
}

const whyOf = ({ why, cleared_by: by }) => (by ? `${why} · cleared by ${by}` : why);

// What something waits for, in the place of its button.
export function waitsFor(what, open, name = criterionName) {
  return open.length > 0 && `${what}: waits for ${few(open.map((one) => name(one.name)))}`;
}
