// The pause of one bed's sound: its button, and what is left of it.
import { useState } from "../vendor/preact-hooks.js";
import { audible, quietFor } from "../state/alarm.js";
import { pauseAudio } from "../state/api.js";
import { html } from "../html.js";
import { SignedForm } from "../sheets/signed.js";
import { takeAudio } from "../state/ward.js";

export function Quiet({ bed, at }) {
  const [asking, ask] = useState(false);
  const quiet = quietFor(bed, at);
  if (quiet) return html`<p class="muted">${quiet} · ${bed.audio.by}</p>`;
  if (!audible([bed], at)) return null;
  if (!asking) return html`<button onClick=${() => ask(true)}>Pause sound …</button>`;
  const done = ({ paused_until: until, by }) => {
    takeAudio(bed.id, { until, by });
    ask(false);
  };
  return html`
    <${SignedForm}
      name="Pause sound for 2 min"
      failed="Not paused"
      act=${(who) => pauseAudio(bed.id, who)}
      done=${done}
    />
  `;
}
