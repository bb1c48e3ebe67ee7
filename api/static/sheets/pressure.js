// A blood pressure: the cuff is started, or one is typed that a person measured.
import { html } from "../html.js";
import { now } from "../state/clock.js";
import { clock, rough } from "../format.js";
import { NumberField, numberIn } from "./choice.js";
import { startsAtDevice } from "../state/task.js";
import { Sheet } from "./sheet.js";
import { useWork } from "./work.js";

const typed = ({ sys, dia, pulse }) => ({
  sys: `${sys}`,
  dia: `${dia}`,
  pulse: `${pulse ?? ""}`,
});

export function PressureSheet({ bed, session, record }) {
  const blank = { sys: "", dia: "", pulse: "" };
  const work = useWork(bed, session, "pressure", blank, { record, typed });
  const { values } = work;
  const sys = numberIn(values.sys, 30, 300);
  const dia = numberIn(values.dia, 10, 200);
  const pulse = numberIn(values.pulse, 18, 321);
  const byHand = values.sys || values.dia || work.corrects;
  const words = `${sys}/${dia}`;
  const cuff = cuffOf(bed);
  // The daemon has asked for a repeat: what was measured again is said to be so.
  const again = work.sent?.state === "refused" && work.sent.fields?.includes("confirmed");
  const store = () =>
    work.send({
      path: `sessions/${session.id}/pressures`,
      body: { sys, dia, ...(pulse ? { pulse } : {}), ...(again ? { confirmed: true } : {}) },
      words,
    });
  const measure = () =>
    work.send({
      path: `beds/${bed.id}/pressure`,
      body: {},
      words: "cuff started",
      timed: false,
      momentary: true,
    });
  const main = byHand
    ? {
        name: again ? `Measured again: store ${words}` : `Store ${words}`,
        waits: (sys === null || dia === null) && "Store: type systolic and diastolic",
        act: store,
      }
    : { name: "Measure now", waits: cuff, act: measure };
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Pressure"
      about=${lastOf(session)}
      ...${main}
      sheet="pressure"
      stored=${bed.cuff?.phase === "measuring" && html`<p>The cuff is measuring.</p>`}
    >
      <p>
        ${startsAtDevice(bed) ? "Press start on the monitor" : "Start the cuff with the button below"},
        or type a pressure that you measured.
      </p>
      <div class="fields">
        <${NumberField} label="Systolic, mmHg" ...${work.field("sys")} />
        <${NumberField} label="Diastolic, mmHg" ...${work.field("dia")} />
        <${NumberField} label="Pulse, /min" hint="optional" ...${work.field("pulse")} />
      </div>
    <//>
  `;
}

// Why the cuff cannot be started, or null.
function cuffOf(bed) {
  if (startsAtDevice(bed)) return "Press start on the monitor, or type it";
  if (!bed.devices.some((device) => device.can_measure)) return "Type it: no cuff at this bed";
  if (bed.cuff?.inhibited) return `Measure now: the cuff is stopped, ${bed.cuff.inhibited}`;
  if (bed.cuff?.phase === "measuring") return "The cuff is measuring";
  return null;
}

function lastOf(session) {
  const last = session.pressures.at(-1);
  if (!last) return "None in this session yet.";
  const ago = rough(now.value - Date.parse(last.at));
  return `The last was ${Math.round(last.sys)}/${Math.round(last.dia)} at ${clock(last.at)}, ${ago} ago.`;
}
