// Answers to touch: one of several, any of several, a number, a text. Each is a native field, so
// that keys, labels and readers work as everywhere.
import { html } from "../html.js";

const isSame = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// One of `options`, as [value, words] or [value, short, words].
export function OneOf({ legend, name, options, value, onChange, look = "chips", hint }) {
  return html`
    <fieldset class=${look}>
      <legend>${legend}${hint && html` <span class="muted">${hint}</span>`}</legend>
      ${options.map(
        ([option, words, more]) => html`
          <label key=${words} class="choice">
            <input
              type="radio"
              name=${name}
              checked=${isSame(option, value)}
              onChange=${() => onChange(option)}
            />
            <b>${words}</b>${more && html` <span>${more}</span>`}
          </label>
        `,
      )}
    </fieldset>
  `;
}

// One of a few, in one line with its legend.
export const Line = (props) => html`<${OneOf} look="chips line" ...${props} />`;

export const YES_NO = [
  [true, "yes"],
  [false, "no"],
];

// A button that is pressed or not.
export function Toggle({ value, onChange, children }) {
  return html`
    <button type="button" aria-pressed=${value} onClick=${() => onChange(!value)}>
      ${children}
    </button>
  `;
}

// Any of `options`; nothing is an answer as well, and is touched like the others, unless `none` is
// null.
export function AnyOf({ legend, name, options, value, onChange, none = "none" }) {
  const chosen = value ?? [];
  const toggle = (option, on) =>
    onChange(on ? [...chosen, option] : chosen.filter((one) => one !== option));
  return html`
    <fieldset class="chips">
      <legend>${legend}</legend>
      ${
        none &&
        html`
          <label class="choice">
            <input
              type="checkbox"
              checked=${value?.length === 0}
              onChange=${(event) => onChange(event.target.checked ? [] : null)}
            />
            <b>${none}</b>
          </label>
        `
      }
      ${options.map(
        ([option, words]) => html`
          <label key=${option} class="choice">
            <input
              type="checkbox"
              name=${name}
              checked=${chosen.includes(option)}
              onChange=${(event) => toggle(option, event.target.checked)}
            />
            <b>${words}</b>
          </label>
        `,
      )}
    </fieldset>
  `;
}

export function Field({ label, value, onChange, hint, ...more }) {
  return html`
    <label>
      <span>${label}${hint && html` <span class="muted">(${hint})</span>`}</span>
      <input value=${value ?? ""} onInput=${(event) => onChange(event.target.value)} ...${more} />
    </label>
  `;
}

export const NumberField = (props) =>
  html`<${Field} inputmode="decimal" autocomplete="off" maxlength="6" ...${props} />`;

// The time of day at which something was.
export function TimeField(props) {
  return html`
    <${Field}
      label="At, as 14:05"
      hint="now"
      inputmode="numeric"
      autocomplete="off"
      maxlength="5"
      ...${props}
    />
  `;
}

export function Text({ label, value, onChange, ...more }) {
  return html`
    <label>
      <span>${label}</span>
      <textarea
        rows="3"
        maxlength="2000"
        value=${value ?? ""}
        onInput=${(event) => onChange(event.target.value)}
        ...${more}
      />
    </label>
  `;
}

// What was typed as a number: null while it is none within those bounds.
export function numberIn(text, least, most, { whole = true } = {}) {
  const typed = `${text ?? ""}`.trim().replace(",", ".");
  const isNumber = (whole ? /^\d+$/ : /^\d+(\.\d+)?$/).test(typed);
  const value = Number(typed);
  return isNumber && value >= least && value <= most ? value : null;
}
