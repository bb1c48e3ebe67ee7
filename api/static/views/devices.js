// The devices at a bed: whether each is connected, and, for the technician, how its link does.
import { useState } from "../vendor/preact-hooks.js";
import { clock } from "../format.js";
import { html } from "../html.js";
import { useDeviceLinks } from "../state/device-links.js";

export function DeviceList({ devices }) {
  return html`<ul class="devices">${devices.map((device) => html`<${Line} key=${device.id} ...${device} />`)}</ul>`;
}

function Line({ id, title, model, link, silent, reason, messages }) {
  const state = silent && link === "up" ? "says nothing" : link;
  return html`
    <li class=${link !== "up" || silent ? "bad" : ""}>
      <span>${title ?? id}${model && html` · ${model}`}</span>
      <span>${state}${reason && html`: ${reason}`}${messages?.length > 0 && html`; it shows ${messages.join(", ")}`}</span>
    </li>
  `;
}

export function Devices({ bed }) {
  const [open, see] = useState(false);
  const links = useDeviceLinks(bed.id, open);
  return html`
    <section class="panel devices-panel">
      <h2>Devices</h2>
      <${DeviceList} devices=${bed.devices} />
      ${
        bed.devices.length > 0 &&
        html`
          <details class="technical" onToggle=${(event) => see(event.target.open)}>
            <summary>For the technician</summary>
            ${bed.devices.map(({ id, technical_detail: why }) => html`<${Link} key=${id} id=${id} why=${why} of=${links?.[id]} />`)}
          </details>
        `
      }
    </section>
  `;
}

const counts = (of) => Object.entries(of).map(([what, n]) => `${what} ${n}`).join(", ") || "none";

function Link({ id, why, of }) {
  if (!of) return html`<p><b>${id}</b> ${why}</p>`;
  const rows = [
    ["at", of.url],
    ["why not", of.detail],
    ["good frames", of.frames],
    ["damaged", counts(of.damaged)],
    ["refused", counts(of.rejected)],
    ["bytes in, out", `${of.bytes_in}, ${of.bytes_out}`],
    ["opened again", of.reconnects],
    ["last report", clock(of.last_item_at)],
    ["last bytes", html`<code>${of.last_bytes || "none"}</code>`],
    ["lost from its capture", of.capture_lost],
  ];
  return html`
    <p><b>${id}</b></p>
    <dl class="facts">
      ${rows
        .filter(([, what]) => what != null)
        .map(([name, what]) => html`<dt>${name}</dt><dd>${what}</dd>`)}
    </dl>
  `;
}
