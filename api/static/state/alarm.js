// What the board makes of a bed's alarms. Priorities come from the server and are never
// derived here. Pure.
import { clock, lasted, plural, rough } from "../format.js";

const RANK = { high: 0, medium: 1, low: 2 };

export const isOpen = (alarm) => alarm.state !== "ended";
// Its condition is over, and a person has still to acknowledge that, whoever acknowledged it before.
export const isLatched = (alarm) => alarm.state === "latched";
export const isAdvisory = (alarm) => alarm.kind === "advisory";

// Worst first: alarms before advisories, then priority, unacknowledged, newest.
export function byUrgency(a, b) {
  return (
    isAdvisory(a) - isAdvisory(b) ||
    RANK[a.priority] - RANK[b.priority] ||
    a.acknowledged - b.acknowledged ||
    Date.parse(b.raised_at) - Date.parse(a.raised_at)
  );
}

export const openAlarms = (bed) => bed.alarms.filter(isOpen).sort(byUrgency);

// The bed's worst alarm that is no advisory, or undefined.
export const worstAlarm = (bed) => openAlarms(bed).find((alarm) => !isAdvisory(alarm));

// How many alarms are open by priority, and how many of those somebody has.
export function countAlarms(beds) {
  return Object.keys(RANK).map((priority) => {
    const alarms = beds
      .flatMap((bed) => bed.alarms)
      .filter((alarm) => isOpen(alarm) && !isAdvisory(alarm) && alarm.priority === priority);
    const acknowledged = alarms.filter((alarm) => alarm.acknowledged).length;
    return { priority, open: alarms.length, acknowledged };
  });
}

// How long the bed's sound is still paused, in words, or null when it is not.
export function quietFor(bed, now) {
  const left = Date.parse(bed.audio?.paused_until) - now;
  return left > 0 ? `sound paused, ${lasted(left)} left` : null;
}

// The priority that has to be heard now: the worst unacknowledged alarm's, or null.
export function audible(beds, now) {
  const ranks = beds
    .filter((bed) => !quietFor(bed, now))
    .flatMap((bed) => bed.alarms)
    .filter((alarm) => isOpen(alarm) && !isAdvisory(alarm) && !alarm.acknowledged)
    .map((alarm) => RANK[alarm.priority]);
  return ranks.length ? Object.keys(RANK)[Math.min(...ranks)] : null;
}

export const priorityRank = (alarm) => (alarm ? RANK[alarm.priority] : RANK.low + 1);

// How an alarm is drawn, as CSS classes.
export const alarmClass = (alarm) =>
  `${alarmWord(alarm)} ${alarm.acknowledged ? "acknowledged" : "waiting"}`;

// Its priority as a word; an advisory's is that it is one.
export const alarmWord = (alarm) => (isAdvisory(alarm) ? "advisory" : alarm.priority);

const escalated = ({ escalation_level: level, recipients }) =>
  level > 1 ? `escalated to ${recipients.at(-1)}` : "escalated";

const overSince = ({ condition_ended_at: at }) => (at ? ` since ${clock(at)}` : "");

// What is known of an alarm beside its text, most telling first.
export function alarmState(alarm, now) {
  const raised = Date.parse(alarm.raised_at);
  const lines = [];
  if (alarm.escalated && !alarm.acknowledged) lines.push(escalated(alarm));
  if (isLatched(alarm)) lines.push(`over${overSince(alarm)}, not yet seen`);
  if (alarm.unverified_since) lines.push(`unverified since ${clock(alarm.unverified_since)}`);
  if (alarm.acknowledged) {
    const taken = alarm.acknowledged_at
      ? ` · ${rough(now - Date.parse(alarm.acknowledged_at))}`
      : "";
    lines.push(`with ${alarm.acknowledged_by}${taken}`);
  }
  lines.push(`since ${clock(raised)} · ${rough(now - raised)}`);
  if (alarm.count > 1) lines.push(plural(alarm.count, "time"));
  return lines;
}
