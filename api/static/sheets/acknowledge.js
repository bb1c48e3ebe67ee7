// The dialog of one bed's open alarms. Each is acknowledged, and that undone, by itself and by a
// named person; there is no way to take them all.
import { useLayoutEffect, useRef, useState } from "../vendor/preact-hooks.js";
import { signal } from "../vendor/signals.js";
import { acknowledge, unacknowledge } from "../state/api.js";
import {
  alarmClass,
  alarmState,
  alarmWord,
  isAdvisory,
  isLatched,
  openAlarms,
  overWords,
} from "../state/alarm.js";
import { now } from "../state/clock.js";
import { ID as DISPLAY } from "../state/display.js";
import { bedWords } from "../format.js";
import { html } from "../html.js";
import { SignedForm } from "./signed.js";
import { Technical } from "../views/technical.js";
import { beds, takeAlarm } from "../state/ward.js";

const ACKNOWLEDGE = {
  name: "Acknowledge",
  failed: "Not acknowledged",
  send: (alarm, who, note) => acknowledge(alarm, who, note, DISPLAY),
};
const UNDO = { name: "Undo", failed: "Not undone", send: unacknowledge };

// What a person can do about an alarm.
export const verbFor = (alarm) =>
  alarm.acknowledged && !isLatched(alarm) ? UNDO : ACKNOWLEDGE;

// {bed, alarm, verb}: which bed's alarms are open in the dialog, and what to do with which. Each
// opening is an object, and a dialog, of its own.
export const opened = signal(null);

export const openAlarm = (bed, alarm, verb = ACKNOWLEDGE) => {
  opened.value = { bed, alarm, verb };
};

export function AlarmDialog() {
  const at = opened.value;
  const bed = at && beds.value.find((one) => one.id === at.bed);
  return bed ? html`<${Dialog} key=${at} bed=${bed} first=${at} />` : null;
}

function Dialog({ bed, first }) {
  const dialog = useRef(null);
  const [chosen, choose] = useState(first);
  useLayoutEffect(() => dialog.current.showModal(), []);
  const alarms = useSeen(openAlarms(bed));
  const close = () => dialog.current.close();
  // It is told later that it was closed: by then the next one may be open.
  const closed = () => {
    if (opened.value === first) opened.value = null;
  };
  const done = (alarm) => {
    takeAlarm(alarm);
    const waits = (other) =>
      !other.over && !isAdvisory(other) && verbFor(other) === ACKNOWLEDGE;
    if (alarms.some((other) => other.id !== alarm.id && waits(other)))
      choose(null);
    else close();
  };
  return html`
    <dialog ref=${dialog} aria-labelledby="dialog-title" onClose=${closed}>
      <header>
        <h2 id="dialog-title">
          ${bedWords(bed)}${bed.session && html` · ${bed.session.patient}`}
        </h2>
        <button class="plain" onClick=${close}>Close</button>
      </header>
      <ul class="alarms">
        ${alarms.map(
          (alarm) => html`
            <${Entry}
              key=${alarm.id}
              alarm=${alarm}
              chosen=${chosen?.alarm === alarm.id ? chosen.verb : null}
              choose=${choose}
              done=${done}
            />
          `,
        )}
      </ul>
    </dialog>
  `;
}

// The open alarms, and those that were open while the dialog was, marked as over: an entry
// somebody is typing in does not vanish.
function useSeen(open) {
  const seen = useRef(new Map());
  for (const [id, alarm] of seen.current) seen.current.set(id, { ...alarm, over: true });
  for (const alarm of open) seen.current.set(alarm.id, alarm);
  return [...seen.current.values()];
}

export function AlarmText({ alarm, at }) {
  return html`
    ${!alarm.over && isLatched(alarm) && html`<p class="over-since">${overWords(alarm)}</p>`}
    <p class="alarm-text">
      <span class="badge">${alarmWord(alarm)}</span>
      <b>${alarm.text}</b>
    </p>
    <p>${alarm.guidance}</p>
    <p class="muted">${alarm.over ? "over" : alarmState(alarm, at).join(" · ")}</p>
    ${alarm.note && html`<p class="muted">Note: ${alarm.note}</p>`}
    ${
      alarm.rules_without_data?.length > 0 &&
      html`<${Technical}>Rules without data: ${alarm.rules_without_data.join(", ")}<//>`
    }
  `;
}

function Entry({ alarm, chosen, choose, done }) {
  const verb = verbFor(alarm);
  return html`
    <li class="entry ${alarmClass(alarm)}" data-shows="${alarm.id}:${alarm.count}">
      <${AlarmText} alarm=${alarm} at=${now.value} />
      ${
        chosen === verb
          ? html`
            <${SignedForm}
              noted
              ...${verb}
              act=${(who, note) => verb.send(alarm.id, who, note)}
              done=${done}
            />
          `
          : !alarm.over &&
            html`
            <button onClick=${() => choose({ alarm: alarm.id, verb })}>${verb.name} …</button>
          `
      }
    </li>
  `;
}
