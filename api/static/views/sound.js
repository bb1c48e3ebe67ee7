// Whether the page sounds, and the way to change that.
import { html } from "../html.js";
import { soundOn, toggleSound } from "../state/sound.js";

export function Sound() {
  return html`
    <button
      class=${soundOn.value ? "plain" : "silent"}
      aria-pressed=${soundOn.value}
      onClick=${toggleSound}
    >
      ${soundOn.value ? "Sound on" : "Sound off: turn on"}
    </button>
  `;
}
