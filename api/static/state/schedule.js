// A session's checks: which comes next and what minute it belongs to. Pure.
import { checkName, rough, until } from "../format.js";

const SAME_MS = 60_000;
const MOST_NAMES = 2;

// Minute 0 of the session's axis: the last dose, or the infusion's start. Null before that.
export function origin(session) {
  return Date.parse(session.infusion ? session.first_dose_at : session.last_dose_at) || null;
}

// The checks to do next: all that share the earliest due time not yet done.
export function nextChecks(session) {
  const open = session.schedule.filter((check) => !["done", "missed"].includes(check.state));
  const first = Math.min(...open.map((check) => Date.parse(check.due_at)));
  return open.filter((check) => Date.parse(check.due_at) - first < SAME_MS);
}

export function nextDueAt(session) {
  const [first] = session ? nextChecks(session) : [];
  return first ? Date.parse(first.due_at) : Infinity;
}

// "Pressure, MOAA/S +60 in 12 min", "CADSS +40 overdue 6 min", with the state to colour it by.
export function nextCheck(session, now) {
  const checks = nextChecks(session);
  if (!checks.length) {
    return session.ready
      ? { state: "ready", text: "Discharge" }
      : { state: "done", text: "No check to come" };
  }
  const due = Date.parse(checks[0].due_at);
  const names = [...new Set(checks.map((check) => checkName(check.check)))];
  const what = names.length > MOST_NAMES ? `${names.length} checks` : names.join(", ");
  const state = checks.some((check) => check.state === "overdue") ? "overdue" : checks[0].state;
  const minute = minuteOf(due, session);
  const when = { overdue: `overdue ${rough(now - due)}`, due: "due now" }[state];
  return { state, text: `${what}${minute} ${when ?? until(due - now)}`, names: names.join(", ") };
}

// None of a check between the first dose and the last, which minute 0 is of.
function minuteOf(due, session) {
  const zero = origin(session);
  if (zero && due >= zero) return ` +${Math.round((due - zero) / 60_000)}`;
  return due > Date.parse(session.first_dose_at) ? "" : " baseline";
}
