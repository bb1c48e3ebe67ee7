// What the board makes of a bed's alarms. Priorities come from the server and are never
// derived here. Pure.
import { clock, lasted, person, plural, rough } from "../format.js";

const RANK = { high: 0, medium: 1, low: 2 };

export const isOpen = (alarm) => alarm.state !== "ended";
// Its condition is over, and a person has still to acknowledge that, whoever acknowledged it before.
export const isLatched = (alarm) => alarm.state === "latched";
export const isAdvisory = (alarm) => alarm.kind === "advisory";
// Of the alarm path: it sounds and is taken like any other, and counts for nothing.
export const isTest = (alarm) => alarm.rule === "tech.alarm-path-test";

// What nobody has yet before what somebody has, and what is now before what is over.
const standing = (alarm) => 2 * alarm.acknowledged + isLatched(alarm);

// What to tell first: alarms before advisories, then by standing, priority, newest.
export function byUrgency(a, b) {
  return (
    isAdvisory(a) - isAdvisory(b) ||
    standing(a) - standing(b) ||
    isTest(a) - isTest(b) ||
    RANK[a.priority] - RANK[b.priority] ||
    Date.parse(b.raised_at) - Date.parse(a.raised_at)
  );
}

export const openAlarms = (bed) => bed.alarms.filter(isOpen).sort(byUrgency);

const alarmsOf = (bed) => openAlarms(bed).filter((alarm) => !isAdvisory(alarm) && !isTest(alarm));
const gravest = (alarms) =>
  alarms.toSorted(
    (a, b) =>
      isLatched(a) - isLatched(b) ||
      RANK[a.priority] - RANK[b.priority] ||
      a.acknowledged - b.acknowledged,
  )[0];

// The gravest alarm that lasts, else that is over and not seen, whoever has it; or undefined.
export const worstAlarm = (bed) => gravest(alarmsOf(bed));

// How urgent the bed is: its highest priority, whether all of that are over, and whether somebody
// has all of its alarms.
export function urgency(bed) {
  const alarms = alarmsOf(bed);
  const rank = Math.min(RANK.low + 1, ...alarms.map((alarm) => RANK[alarm.priority]));
  const over = alarms.every((alarm) => RANK[alarm.priority] > rank || isLatched(alarm));
  return [rank, Number(over), Number(alarms.every((alarm) => alarm.acknowledged))];
}

const SIGNALS = {
  spo2: ["spo2"],
  pulse: ["pulse"],
  pressure: ["sys", "dia", "map"],
  moaas: ["moaas", "consciousness"],
  news2: ["news2", "news2-single"],
};

// The gravest lasting alarm that is about this vital or score, or undefined.
export function alarmAbout(bed, name) {
  const signals = SIGNALS[name] ?? [name];
  return gravest(
    alarmsOf(bed).filter(
      (alarm) => !isLatched(alarm) && signals.some((signal) => signal in (alarm.values ?? {})),
    ),
  );
}

// What the one that stands for a bed tells of: itself, and those that are counted beside it and are
// no graver. As id:count.
export const toldBy = (shown, alarms) =>
  alarms
    .filter((alarm) => RANK[alarm.priority] >= RANK[shown.priority])
    .map(({ id, count }) => `${id}:${count}`)
    .join(" ");

// How many alarms are open by priority, and how many of those somebody has.
export function countAlarms(beds) {
  return Object.keys(RANK).map((priority) => {
    const alarms = beds
      .flatMap((bed) => bed.alarms)
      .filter((alarm) => isOpen(alarm) && !isAdvisory(alarm) && !isTest(alarm) && alarm.priority === priority);
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

// How an alarm is drawn, as CSS classes.
export const alarmClass = (alarm) =>
  `${isAdvisory(alarm) ? "advisory" : alarm.priority} ${isTest(alarm) ? "test" : ""} ${alarm.acknowledged ? "acknowledged" : "waiting"} ${isLatched(alarm) ? "over" : ""}`;

// Its priority as a word; an advisory's and a test's is that it is one.
export const alarmWord = (alarm) =>
  isAdvisory(alarm) ? "advisory" : isTest(alarm) ? "TEST" : alarm.priority;

const escalated = ({ escalation_level: level, recipients }) =>
  level > 1 ? `escalated to ${recipients.at(-1)}` : "escalated";

// That it is over, and since when, before what it was; null while it lasts.
export function overWords(alarm) {
  const { condition_ended_at: at } = alarm;
  return isLatched(alarm) ? `Over${at ? ` since ${clock(at)}` : ""}, not yet seen` : null;
}

// What is known of an alarm beside its text, most telling first.
export function alarmState(alarm, now) {
  const raised = Date.parse(alarm.raised_at);
  const lines = [];
  if (alarm.escalated && !alarm.acknowledged) lines.push(escalated(alarm));
  if (alarm.unverified_since) lines.push(`unverified since ${clock(alarm.unverified_since)}`);
  if (alarm.acknowledged) {
    const taken = alarm.acknowledged_at
      ? ` · ${rough(now - Date.parse(alarm.acknowledged_at))}`
      : "";
    lines.push(`with ${person(alarm.acknowledged_by)}${taken}`);
  }
  lines.push(
    isLatched(alarm)
      ? `from ${clock(raised)}`
      : `since ${clock(raised)} · ${rough(now - raised)}`,
  );
  if (alarm.count > 1) lines.push(plural(alarm.count, "time"));
  return lines;
}
