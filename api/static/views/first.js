// What the board shows when it has nothing to show: what is missing and what mends it.
import { html } from "../html.js";

const BED = `[[beds]]
id = "bed-1"
[[beds.devices]]
id = "oximeter"
driver = "nonin"
url = "/dev/serial/by-id/…"`;

export function NoBeds() {
  return html`
    <section class="first">
      <h2>No beds are configured</h2>
      <p>The daemon runs, but its site file names no bed. Add one:</p>
      <pre>${BED}</pre>
      <p>
        What is plugged in: <code>postdose ports</code>. Which drivers there are:
        <code>postdose devices</code>.
      </p>
      <p>Then <code>postdose check --config site.toml</code>, and start the daemon again.</p>
      <p>To look around without devices: <code>postdose demo</code></p>
    </section>
  `;
}

export function NoDaemon({ problem }) {
  if (!problem) return html`<section class="first"><p>Connecting …</p></section>`;
  return html`
    <section class="first" role="alert">
      <h2>No word from the daemon</h2>
      <p>${problem}. This page asks again by itself.</p>
      <p>Start it with <code>postdose run --config site.toml</code></p>
    </section>
  `;
}
