// Whether the page sounds, and the way to change that.
import { html } from "../html.js";
import { soundOn, soundState, toggleSound } from "../state/sound.js";

export function Sound() {
  return html`
    <button
      class=${soundOn.value ? "plain" : "silent"}
      data-sound
      aria-pressed=${soundOn.value}
      onClick=${toggleSound}
    >
      ${soundOn.value ? "Sound on" : "Sound off: turn on"}
    </button>
  `;
}

// Where it was on before the page was loaded anew, and the browser waits for a touch.
export function SoundOff() {
  if (soundState.value !== "blocked") return null;
  return html`
    <button class="banner sound-off" data-sound onClick=${toggleSound}>
      <b>SOUND OFF: touch</b> No alarm is heard here until this page is touched.
    </button>
  `;
}
