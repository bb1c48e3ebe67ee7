// The head of every page: which site, how many alarms, live or not, sound, displays, the time;
// below it, loudly, what makes the page less than it seems.
import { countAlarms } from "../state/alarm.js";
import { bedName, clock, few, plural } from "../format.js";
import { html } from "../html.js";
import { unstored } from "../state/intentions.js";
import { link } from "../state/stream.js";
import { nextTheme, theme } from "../state/theme.js";
import { Person } from "./access.js";
import { OnlyHere } from "./displays.js";
import { Sound, SoundOff } from "./sound.js";
import { Technical } from "./technical.js";

export function Header({ status, beds, now, children }) {
  return html`
    <header class="head">
      ${children ?? html`<h1>Postdose</h1><p class="site">${site(status, beds)}</p>`}
      <div class="counts">${countAlarms(beds ?? []).map(Count)}</div>
      <div class="tools">
        <${Sound} />
        <${Person} />
        <span>${status ? plural(status.displays, "display") : ""}</span>
        <${OnlyHere} beds=${beds ?? []} />
        <button class="plain" title="Day, night or as the system has it" onClick=${nextTheme}>
          Theme: ${theme.value}
        </button>
        <${Live} />
        <time>${clock(now)}</time>
      </div>
    </header>
  `;
}

function site(status, beds) {
  if (!status) return "";
  const running = (beds ?? []).filter((bed) => bed.session).length;
  return `${status.site} · ${plural(beds?.length ?? 0, "bed")}, ${running} in session`;
}

function Count({ priority, open, acknowledged }) {
  if (!open) return null;
  const taken = acknowledged ? ` · ${acknowledged} acknowledged` : "";
  return html`<span key=${priority} class="pill ${priority}">${open} ${priority}${taken}</span>`;
}

function Live() {
  const { up, since } = link.value;
  return html`
    <span class="live ${up ? "up" : "down"}" title="since ${clock(since)}">
      ${up ? "live" : "not live"}<small> since ${clock(since)}</small>
    </span>
  `;
}

// `here` is the bed whose own page says what could not be stored.
export function Banners({ status, here }) {
  return html`
    <div class="banners" role="alert">
      <${SoundOff} />
      ${banners(status, here).map(
        ({ kind, title, text, why }) => html`
          <div key=${kind} class="banner ${kind}">
            <b>${title}</b> ${text}${why && html`<${Technical}>${why}<//>`}
          </div>
        `,
      )}
    </div>
  `;
}

function banners(status, here) {
  const out = [];
  const { up, since, problem } = link.value;
  if (!up && since) {
    out.push({
      kind: "not-live",
      title: `NOT LIVE since ${clock(since)}`,
      text: `Look at the patients: ${problem}. Trying again.`,
    });
  }
  const open = unstored().filter(({ bed }) => bed !== here);
  if (open.length) {
    out.push({
      kind: "unstored",
      title: `Not stored yet: ${few(open.map((one) => one.words))}`,
      text: `At bed ${few([...new Set(open.map((one) => bedName({ id: one.bed })))])}.`,
    });
  }
  if (!status) return out;
  if (status.simulated) {
    const speed = status.speed === 1 ? "" : ` × ${status.speed}`;
    out.push({ kind: "simulated", title: `SIMULATED TIME${speed}`, text: "No real patients." });
  }
  if (status.journal.failing_since) {
    out.push({
      kind: "journal",
      title: `Events are not being stored since ${clock(status.journal.failing_since)}`,
      text: "Chart by hand. Call the technician.",
      why: status.journal.reason,
    });
  }
  const { mqtt } = status;
  if (mqtt.configured && !mqtt.connected) {
    out.push({
      kind: "broker",
      title: `Broker unreachable since ${clock(mqtt.since)}`,
      text: `${plural(mqtt.waiting, "event")} waiting. Alarms do not leave this machine.`,
      why: mqtt.reason,
    });
  } else if (mqtt.configured && mqtt.reason) {
    out.push({
      kind: "broker",
      title: "Not everything reaches the broker",
      text: `${plural(mqtt.waiting, "event")} waiting. Call the technician.`,
      why: mqtt.reason,
    });
  }
  return out;
}
