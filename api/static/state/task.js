// What is to be done at a bed, and in which sheet: the main button of its page. From the session's
// schedule, gate and criteria as the server has them. Pure.
import { few } from "../format.js";
import { criterionName, stops } from "./criteria.js";
import { nextCheck, nextChecks } from "./schedule.js";

// Scores before the pressure, which the cuff takes by itself.
const KINDS = ["moaas", "cadss", "resp", "pressure"];
const CHECKS = {
  moaas: { sheet: "moaas", text: "Score MOAA/S", short: "MOAA/S" },
  cadss: { sheet: "cadss", text: "Score CADSS", short: "CADSS" },
  resp: { sheet: "observation", text: "Count the respiratory rate", short: "Respiratory rate" },
  pressure: { sheet: "pressure", text: "Measure the pressure", short: "Pressure" },
};

// {sheet, text, short, state}: `text` names it, `short` where that is long; `state` is overdue, due
// or upcoming.
export function taskOf(bed, now) {
  const { session } = bed;
  if (!session) return due("start", "Start a session");
  if (session.state === "aborted") {
    return session.to_be_completed.length
      ? due("abort", "Complete the abort")
      : due("left", "The patient has left");
  }
  return (
    check(bed, "overdue") ??
    doseTime(session) ??
    preparation(session) ??
    check(bed, "due") ??
    administration(session) ??
    leaving(session) ??
    upcoming(session, now)
  );
}

const due = (sheet, text, state = "due") => ({ sheet, text, state });

// Whether a person presses start on a device that gives pressures, because none can be asked to.
export const startsAtDevice = ({ devices }) =>
  devices.some((one) => one.gives_pressure) && !devices.some((one) => one.can_measure);

function check(bed, state) {
  const { session, cuff } = bed;
  const kinds = session.schedule.filter((one) => one.state === state).map((one) => one.check);
  const of = KINDS.find((kind) => kinds.includes(kind));
  if (!of || (of === "pressure" && cuff?.phase === "measuring")) return null;
  const byHand = of === "pressure" && startsAtDevice(bed);
  return { state, ...CHECKS[of], ...(byHand ? { text: "Press start on the monitor" } : {}) };
}

const doseTime = ({ dose_time_doubted_at: since }) =>
  since ? due("dosetime", "Confirm when the dose was given") : null;

// Whether there is something to ask before the dose.
export const asksBeforeDose = ({ gate }) => gate.some(({ name }) => name === "contraindications");

function preparation(session) {
  return asksBeforeDose(session) && !session.preparation?.confirmed
    ? due("preparation", "Ask before the dose")
    : null;
}

function administration(session) {
  const { gate, scores, last_dose_at: given } = session;
  if (!gate.length) return null;
  const scored = scores.findLast(({ scale }) => scale === "moaas");
  if (given && !(scored?.at > given)) return { ...due("moaas"), ...CHECKS.moaas };
  const open = openGate(session).map(({ name }) => criterionName(name));
  return { ...due("dose", open.length ? `Dose: waits for ${few(open)}` : "Dose"), short: "Dose" };
}

function leaving(session) {
  const window = session.criteria.find(({ name }) => name === "window-over");
  const infusing = session.infusion && !session.infusion.ended_at;
  return window?.met && !infusing ? due("discharge", "Discharge") : null;
}

function upcoming(session, now) {
  const [next] = nextChecks(session);
  if (!next) return due("discharge", "Discharge", "upcoming");
  return due(CHECKS[next.check].sheet, nextCheck(session, now).text, "upcoming");
}

// What an administration still waits for.
export const openGate = (session) => session.gate.filter(stops);
