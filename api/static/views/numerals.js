// The numbers: SpO2, pulse, pressure, scores. A number is in its vital's colour only while it
// can be trusted; otherwise the place is hatched, with the reason and for how long.
import { html } from "../html.js";
import { alarmAbout, alarmClass } from "../state/alarm.js";
import { clock, deviceName, lasted, rough, signed } from "../format.js";
import { link } from "../state/stream.js";
import { pressure, trusted } from "../state/vital.js";

const SCALES = [
  ["cadss", "CADSS"],
  ["moaas", "MOAA/S"],
  ["news2", "NEWS2"],
];

export const SPO2 = html`SpO<sub>2</sub>`;

// On a bed's page the wave stands under the SpO2.
export function Numerals({ bed, now, speed, wave }) {
  return html`
    <div class="numerals">
      <${Streamed} name="spo2" label=${html`${SPO2} %`} ...${{ bed, now, speed }} />
      ${wave}
      <${Streamed} name="pulse" label="Pulse /min" ...${{ bed, now, speed }} />
      <${Pressure} ...${{ bed, now, speed }} />
    </div>
  `;
}

function Streamed({ name, label, bed, now, speed }) {
  const vital = trusted(name, bed, now, speed);
  const live = name === "spo2" && link.value.up ? " · live" : "";
  const below = vital.poor ? [vital.poor, "poor signal"] : [deviceName(vital.device) + live];
  const alarm = alarmAbout(bed, name);
  return html`<${Numeral} ...${{ name, label, vital, below, now, alarm }} text=${vital.value} />`;
}

function Pressure({ bed, now, speed }) {
  const vital = pressure(bed, now, speed);
  const { cuff, session } = bed;
  const below = cuff?.phase === "measuring" ? measuring(cuff) : rise(vital, session, now);
  const text = vital.value && html`${vital.value.sys}<i>/</i>${vital.value.dia}`;
  return html`<${Numeral}
    name="pressure"
    label="Pressure mmHg"
    vital=${vital}
    text=${text}
    below=${below}
    missing=${cuff?.phase === "measuring" ? below : null}
    alarm=${alarmAbout(bed, "pressure")}
    now=${now}
  />`;
}

const measuring = (cuff) => [
  cuff.pressure_mmhg == null ? "measuring" : `measuring, cuff at ${Math.round(cuff.pressure_mmhg)}`,
  null,
];

function rise({ value, at }, session, now) {
  if (!value) return [];
  const age = `${rough(now - at)} ago`;
  const baseline = session?.baseline;
  if (baseline?.sys == null) return [age, null];
  if (!(Date.parse(session.first_dose_at) < at)) return ["baseline", age];
  const by = `${signed(value.sys - baseline.sys)}/${signed(value.dia - baseline.dia)}`;
  return [html`<b>${by}</b> from baseline`, age];
}

// The value that an alarm is about is marked itself, for as long as that lasts.
const marked = (alarm) => (alarm ? `alarmed ${alarmClass(alarm)}` : "");
const Mark = ({ alarm }) =>
  alarm && html`<span class="badge">${alarm.priority}<span class="hidden"> alarm</span></span>`;

function Numeral({ name, label, vital, text, below, missing, now, alarm }) {
  const absent = vital.value == null;
  const lines = absent ? (missing ?? whyAbsent(vital, now)) : below;
  return html`
    <div class="numeral ${name} ${absent ? "missing" : ""} ${vital.poor ? "poor" : ""} ${marked(alarm)}">
      <div class="label">${label}<${Mark} alarm=${alarm} /></div>
      <div class="value" aria-label=${absent ? "no value" : null}>${absent ? "– –" : text}</div>
      <div class="below" title=${lastRead(vital) ?? vital.device?.model}>
        ${lines.map((line, n) => html`<span key=${n}>${line}</span>`)}
      </div>
    </div>
  `;
}

function whyAbsent({ reason, since }, now) {
  return [reason, since ? `for ${lasted(now - since)}` : null];
}

const lastRead = ({ value, last, at }) =>
  value == null && last != null ? `last ${last} at ${clock(at)}` : null;

// With `rate` also the respiratory rate that was counted last.
export function Scores({ bed, rate = false }) {
  const { session } = bed;
  const counted = rate && session.observations.findLast(({ resp }) => resp !== null);
  return html`
    <dl class="scores">
      ${SCALES.map(([scale, name]) => {
        const score = session.scores.filter((one) => one.scale === scale).at(-1);
        if (!score && scale === "news2") return null;
        return html`<${Score}
          key=${scale}
          name=${name}
          value=${score?.total}
          at=${score?.at}
          alarm=${alarmAbout(bed, scale)}
        />`;
      })}
      ${
        counted &&
        html`<${Score}
          name="Respiratory rate"
          value=${counted.resp}
          at=${counted.at}
          alarm=${alarmAbout(bed, "resp")}
        />`
      }
    </dl>
  `;
}

function Score({ name, value, at, alarm }) {
  return html`
    <div class=${marked(alarm)}>
      <dt>${name}<${Mark} alarm=${alarm} /></dt>
      <dd class=${value == null ? "none" : ""}>${value ?? "–"}</dd>
      ${at && html`<dd class="score-at">${clock(at)}</dd>`}
    </div>
  `;
}
