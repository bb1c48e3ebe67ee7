// The dialog of one bed's open alarms. Each is acknowledged by itself, by a named person; there
// is no way to take them all. A refusal is shown and nothing typed is lost.
import { useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact-hooks.js";
import { signal } from "./vendor/signals.js";
import { acknowledge } from "./api.js";
import { alarmClass, alarmState, alarmWord, openAlarms } from "./alarm.js";
import { now } from "./clock.js";
import { bedName, clock } from "./format.js";
import { html } from "./html.js";
import { beds, takeAlarm } from "./ward.js";

const WHO = "postdose.who";

// {bed, alarm}: which bed's alarms are open in the dialog, and which of them to acknowledge.
export const opened = signal(null);

export const openAlarm = (bed, alarm) => {
  opened.value = { bed, alarm };
};

export function AlarmDialog() {
  const at = opened.value;
  const bed = at && beds.value.find((one) => one.id === at.bed);
  return bed ? html`<${Dialog} key=${at.bed} bed=${bed} first=${at.alarm} />` : null;
}

function Dialog({ bed, first }) {
  const dialog = useRef(null);
  const [chosen, choose] = useState(first);
  useLayoutEffect(() => dialog.current.showModal(), []);
  const alarms = useSeen(openAlarms(bed));
  const close = () => dialog.current.close();
  const done = (alarm) => {
    takeAlarm(alarm);
    if (alarms.some((other) => other.id !== alarm.id && !other.over && !other.acknowledged))
      choose(null);
    else close();
  };
  return html`
    <dialog ref=${dialog} aria-labelledby="dialog-title" onClose=${() => (opened.value = null)}>
      <header>
        <h2 id="dialog-title">
          Bed ${bedName(bed)}${bed.session && html` · ${bed.session.patient}`}
        </h2>
        <button class="plain" onClick=${close}>Close</button>
      </header>
      <ul class="alarms">
        ${alarms.map(
          (alarm) => html`
            <${Entry}
              key=${alarm.id}
              alarm=${alarm}
              chosen=${chosen === alarm.id}
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
    <p class="alarm-text">
      <span class="badge">${alarmWord(alarm)}</span>
      <b>${alarm.text}</b>
    </p>
    <p>${alarm.guidance}</p>
    <p class="muted">${alarm.over ? "over" : alarmState(alarm, at).join(" · ")}</p>
    ${alarm.note && html`<p class="muted">Note: ${alarm.note}</p>`}
  `;
}

function Entry({ alarm, chosen, choose, done }) {
  const takeable = !alarm.acknowledged && !alarm.over;
  return html`
    <li class="entry ${alarmClass(alarm)}">
      <${AlarmText} alarm=${alarm} at=${now.value} />
      ${
        chosen && !alarm.acknowledged
          ? html`<${Form} alarm=${alarm} done=${done} />`
          : takeable && html`<button onClick=${() => choose(alarm.id)}>Acknowledge …</button>`
      }
    </li>
  `;
}

function Form({ alarm, done }) {
  const [who, setWho] = useState(localStorage.getItem(WHO) ?? "");
  const [note, setNote] = useState("");
  const [failure, setFailure] = useState(null);
  const [sending, setSending] = useState(false);
  const field = useRef(null);
  const button = useRef(null);
  useEffect(() => (who ? button : field).current.focus(), []);
  const send = async (event) => {
    event.preventDefault();
    setSending(true);
    setFailure(null);
    try {
      const taken = await acknowledge(alarm.id, who.trim(), note.trim() || null);
      localStorage.setItem(WHO, who.trim());
      done(taken);
    } catch (error) {
      setFailure(`Not acknowledged at ${clock(now.value)}: ${error.message}.`);
      setSending(false);
    }
  };
  return html`
    <form onSubmit=${send}>
      <label>
        Who
        <input
          ref=${field}
          required
          pattern=".*\\S.*"
          maxlength="80"
          autocomplete="username"
          value=${who}
          onInput=${(event) => setWho(event.target.value)}
        />
      </label>
      <label>
        Note (optional)
        <input maxlength="500" value=${note} onInput=${(event) => setNote(event.target.value)} />
      </label>
      ${failure && html`<p class="failure" role="alert">${failure}</p>`}
      <button ref=${button} class="main" disabled=${sending}>
        ${sending ? "Sending …" : "Acknowledge"}
      </button>
    </form>
  `;
}
