// The dose: what it waits for, then one device at a time, or an infusion. What was given already is
// recorded with why, whatever it waited for.
import { clock, lasted } from "../format.js";
import { html } from "../html.js";
import { now } from "../state/clock.js";
import { openSheet } from "../state/address.js";
import { useRegimen } from "../state/fetched.js";
import { openGate } from "../state/task.js";
import { Field, NumberField, Text, TimeField, Toggle, numberIn } from "./choice.js";
import { Gate, useFresh, waitsFor } from "./gate.js";
import { InfusionSheet } from "./infusion.js";
import { lackOf, momentOf } from "./moment.js";
import { Sheet, missing } from "./sheet.js";
import { canStop } from "./stop.js";
import { useWork } from "./work.js";

const MINUTE = 60_000;
const MOST_MG = 2000;
// What was typed of a dose as given already is not meant once it is not given yet.
const NOT_TOLD = { at: "", reason: "" };

export function DoseSheet({ bed, session, record }) {
  const { regimen, problem } = useRegimen(session);
  useFresh(bed);
  if (!regimen) return html`<${NoRegimen} ...${{ bed, session, problem }} />`;
  const Which = regimen.infusion_min === null || record ? DeviceSheet : InfusionSheet;
  return html`<${Which} ...${{ bed, session, regimen, record }} />`;
}

function DeviceSheet({ bed, session, regimen, record }) {
  const blank = { mg: `${amountOf(session, regimen)}`, lot: "", given: false, at: "", reason: "" };
  const work = useWork(bed, session, "dose", blank, { record, typed });
  const { field, corrects } = work;
  const told = work.values.given || corrects !== null;
  const values = told ? work.values : { ...work.values, ...NOT_TOLD };
  const mg = numberIn(values.mg, 0.1, MOST_MG, { whole: false });
  const at = momentOf(values.at, now.value);
  const open = openGate(session);
  const words = `${regimen.product} ${mg} mg`;
  const lacks = [
    mg === null && "the amount",
    lackOf(values.at, at),
    values.given && open.length > 0 && !values.reason.trim() && "why it was given",
  ];
  const name = nameOf(values, corrects, mg);
  const waits = told
    ? missing("Store", lacks)
    : session.gate.length
      ? waitsFor(name, open)
      : session.dosing_stopped
        ? `Dosing is ${session.dosing_stopped}`
        : "Nothing more is to be given";
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Dose"
      about=${aboutOf(session, regimen)}
      name=${name}
      waits=${waits}
      act=${() => work.send({ ...sent(session, regimen, values, mg, at), words })}
      sheet="dose"
      aside=${
        !corrects &&
        html`
          <${Toggle} ...${field("given")}>${values.given ? "Not given yet" : "Given already …"}<//>
        `
      }
    >
      <${Next} session=${session} regimen=${regimen} />
      <${Lot} session=${session} ...${field("lot")} />
      ${told && html`<${Told} field=${field} />`}
      ${
        !corrects &&
        canStop(session) &&
        html`
          <button type="button" onClick=${() => openSheet(bed.id, "stop")}>
            Give no more: stop dosing …
          </button>
        `
      }
      ${!corrects && html`<${Gate} bed=${bed} criteria=${session.gate} scope="dose" />`}
    <//>
  `;
}

function NoRegimen({ bed, session, problem }) {
  const work = useWork(bed, session, "dose-unknown", {});
  return html`<${Sheet} bed=${bed} work=${work} title="Dose" waits=${`Dose: ${problem ?? "…"}`} />`;
}

// One device, or by weight what is left of the plan.
const amountOf = ({ planned_mg: planned, given_mg: given }, { device_mg: device }) =>
  device ?? (planned === null ? "" : Math.round((planned - given) * 10) / 10);

function nameOf({ given }, corrects, mg) {
  if (corrects) return `Store ${mg} mg`;
  return given ? `Record ${mg} mg as given` : `Give ${mg} mg`;
}

const typed = ({ mg, lot, at, deviation }) => ({
  mg: `${mg}`,
  lot: lot ?? "",
  at: clock(at),
  given: deviation !== null && deviation !== undefined,
  reason: deviation?.reason ?? "",
});

function sent(session, regimen, { lot, given, reason }, mg, at) {
  const deviation = reason.trim() ? { deviation: { reason: reason.trim() } } : {};
  return {
    path: `sessions/${session.id}/doses`,
    body: {
      product: regimen.product,
      mg,
      ...(lot.trim() ? { lot: lot.trim() } : {}),
      ...(given || reason.trim() ? { given: true, ...deviation } : {}),
    },
    at,
  };
}

function aboutOf({ title, doses, planned_mg: planned, given_mg: given }, regimen) {
  if (!regimen.device_mg || planned === null) return `${title}: ${given} mg given.`;
  const devices = Math.round(planned / regimen.device_mg);
  const apart = devices > 1 ? `, ${regimen.devices_apart_min} minutes apart` : "";
  return `${title}: device ${Math.min(doses.length + 1, devices)} of ${devices}${apart}.`;
}

// The clock between two devices.
function Next({ session, regimen }) {
  const last = Date.parse(session.last_dose_at);
  if (!last || !session.gate.length) return null;
  const opens = last + regimen.devices_apart_min * MINUTE;
  const left = opens - now.value;
  return html`
    <p class="told" role="timer">
      ${
        left > 0
          ? html`The next device opens at <b>${clock(opens)}</b>, in <b>${lasted(left)}</b>.`
          : html`The next device has been open since ${clock(opens)}.`
      }
      ${" "}The last was given at ${clock(last)}.
    </p>
  `;
}

function Lot({ session, value, onChange }) {
  const before = session.doses.findLast((dose) => dose.lot)?.lot;
  return html`
    <div class="fields lot">
      <${Field}
        label="Lot number"
        maxlength="100"
        autocomplete="off"
        value=${value}
        onChange=${onChange}
      />
      ${
        before &&
        value !== before &&
        html`<button type="button" onClick=${() => onChange(before)}>As before: ${before}</button>`
      }
    </div>
  `;
}

function Told({ field }) {
  return html`
    <div class="fields">
      <${NumberField} label="Amount, mg" ...${field("mg")} />
      <${TimeField} ...${field("at")} />
    </div>
    <${Text} label="Why it was given all the same" ...${field("reason")} />
  `;
}
