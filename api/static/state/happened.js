// What happened in a session, made of its events: each in a nurse's words, and the alarms with what
// became of each. Pure.
import { KINDS, correctedWords, inWords, observed } from "./records.js";

const SILENT = new Set(["alarm.updated", "news2.scored", "news2.held"]);
const ENDS = new Set(["alarm.ended", "alarm.reset"]);
const ONSETS = new Set(["alarm.raised", "alarm.re-raised"]);
const CALLS = new Set([...ONSETS, "alarm.escalated", "alarm.reminded", "alarm.called-again"]);

const of = (kind) => KINDS[kind].words;
const about = (what) => (payload) => `${what}: ${payload.alarm.text}`;
const last = (list) => list.at(-1);

export const provedWords = (station, sounded, at = "") =>
  `alarm path proved ${[at, station, !sounded && "without sound"].filter(Boolean).join(", ")}`;

// By the event's type, where its name does not say it: text, or what makes it of the payload.
const WORDS = {
  "alarm.raised": about("alarm"),
  "alarm.re-raised": about("alarm again"),
  "alarm.acknowledged": about("acknowledged"),
  "alarm.unacknowledged": about("acknowledgement taken back"),
  "alarm.escalated": ({ alarm }) => `escalated to ${last(alarm.recipients)}: ${alarm.text}`,
  "alarm.reminded": about("called again, nobody has it"),
  "alarm.called-again": about("calls again"),
  "alarm.priority-raised": ({ alarm }) => `now ${alarm.priority}: ${alarm.text}`,
  "alarm.unverified": about("unverified, no data"),
  "alarm.verified": about("data are back"),
  "alarm.condition-ended": about("over, not yet seen"),
  "alarm.ended": about("alarm ended"),
  "alarm.reset": about("seen to be over"),
  "alarm.audio-paused": "sound paused",
  "alarm.audio-resumed": "sound on again",
  "alarm-path.test-started": "test of the alarm path",
  "alarm-path.proved": ({ station, sounded }) => provedWords(station, sounded),
  "alarm-path.not-proved": "alarm path not proved",
  "session.started": ({ title, patient }) => `session started: ${title ?? patient}`,
  "session.corrected": correctedWords,
  "session.dosing": "more is to be given",
  "session.observing": "observation begins",
  "session.criteria-met": "criteria for leaving met",
  "session.criteria-unmet": "criteria for leaving no longer met",
  "session.ready": "ready to leave",
  "session.ready-withdrawn": "no longer ready to leave",
  "session.moved-out": ({ to }) => `moved to ${to}`,
  "session.moved-in": ({ from }) => `moved here from ${from}`,
  "alarm.reopened": about("alarm goes on"),
  "session.closed": "discharged",
  "patient.left": "the patient has left",
  "dose.given": of("dose"),
  "score.recorded": of("score"),
  "symptom.recorded": of("symptom"),
  "observation.recorded": observed,
  "pressure.measured": (payload) => `pressure ${of("pressure")(payload)}`,
  "pressure.requested": "cuff started",
  "pressure.failed": "cuff: no measurement",
  "preparation.recorded": "asked before the dose",
  "note.added": "note",
  "nibp.inhibited": "cuff stopped",
  "nibp.enabled": "cuff allowed again",
  "nurse.assigned": "takes over",
  "nurse.handover-offered": ({ to }) => `hands over to ${to}`,
  "nurse.unassigned": "leaves the bed",
  "presence.started": "is at the bed as well",
  "presence.ended": "is no longer at the bed",
  "device.connected": ({ device }) => `${device} connected`,
  "device.disconnected": ({ device }) => `${device} not connected`,
  "event.unreadable": ({ type }) => `an event that cannot be read: ${type}`,
};

// What the words of some events already say, or what is no remark.
const UNTOLD = new Set(["dosing.stopped", "alarm.raised", "alarm.updated"]);

function noteOf(type, payload) {
  if (UNTOLD.has(type)) return null;
  return payload.note ?? payload.text ?? payload.reason ?? null;
}

function wordsOf({ type, payload }) {
  const words = WORDS[type] ?? inWords(type.replace(".", " "));
  return typeof words === "string" ? words : words(payload);
}

// Newest first: {seq, at, words, by, note, priority}; `priority` where it is of an alarm.
export function happenings(events) {
  return events
    .filter(({ type }) => !SILENT.has(type))
    .map((event) => ({
      seq: event.seq,
      at: event.payload.at ?? event.at,
      words: wordsOf(event),
      by: event.payload.by ?? null,
      note: noteOf(event.type, event.payload),
      priority: event.payload.alarm?.priority,
    }))
    .toReversed();
}

// Every alarm of the session, each time it was raised, newest first: {alarm, raised, notified, taken,
// over, ended}: `notified` of {at, to}, `taken` of {at, by, note, back}, `ended` {at, by}, or null.
export function alarmHistory(events) {
  const all = [];
  const open = new Map();
  for (const { type, at, payload } of events) {
    const { alarm, by, note } = payload;
    if (!alarm) continue;
    if (ONSETS.has(type) || !open.has(alarm.id)) {
      const begun = { raised: ONSETS.has(type) ? at : alarm.raised_at, notified: [], taken: [] };
      open.set(alarm.id, { ...begun, over: null, ended: null });
      all.push(open.get(alarm.id));
    }
    const one = open.get(alarm.id);
    one.alarm = alarm;
    if (CALLS.has(type)) one.notified.push({ at, to: last(alarm.recipients) });
    if (type === "alarm.acknowledged") one.taken.push({ at, by, note });
    if (type === "alarm.reopened") one.ended = null;
    if (type === "alarm.unacknowledged") {
      one.taken.push({ at, by, note, back: true });
      one.ended = null;
    }
    if (type === "alarm.condition-ended") one.over = at;
    if (ENDS.has(type)) one.ended = { at, by: type === "alarm.reset" ? (by ?? last(one.taken)?.by) : null };
  }
  return all.toReversed();
}
