// A session as one picture on one axis: SpO2 with its gaps, pressures as on an anaesthesia
// chart, doses, checks, alarms. Positions are in percent, so that it fits any width.
import { byUrgency, isAdvisory, isOpen } from "../state/alarm.js";
import { checkName, clock, plural } from "../format.js";
import { html } from "../html.js";
import { origin } from "../state/schedule.js";

const MINUTE = 60_000;
const WINDOW_MS = 120 * MINUTE;
const BEFORE_MS = 20 * MINUTE;
// How far apart minutes are named, where no more than so many minutes are shown.
const TICKS_EVERY = [[20, 2], [50, 5], [100, 10], [Infinity, 30]];
const MOST_TICKS = 100;
const SAME_CHECK_MS = 2 * MINUTE;
// How much time without a point is a gap, at least, in server ms at speed 1.
const GAP_MS = 45_000;
const WORST_STATE = ["overdue", "due", "missed", "upcoming", "done"];
const LEAST_SPAN = 0.6;
// What the axes show, and which part of the height (in percent) they take.
const SCALES = {
  spo2: { low: 80, high: 100, top: 3, bottom: 40 },
  pressure: { low: 50, high: 190, top: 48, bottom: 99 },
};

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

function heightOf(scale, value) {
  const { low, high, top, bottom } = SCALES[scale];
  return bottom - ((clamp(value, low, high) - low) / (high - low)) * (bottom - top);
}

// The axis: from a little before minute 0 (baseline, first doses) to the window's end or now; or
// the part of it that is looked at.
export function axisOf(session, now, view = null) {
  const zero = origin(session) ?? now;
  const first = [session.first_dose_at, ...session.pressures.map((one) => one.at)]
    .map((at) => Date.parse(at))
    .filter((at) => at >= zero - BEFORE_MS);
  const begin = Math.min(zero, ...first);
  const windowEnd = Date.parse(session.window_ends_at) || zero + WINDOW_MS;
  const last = Math.max(windowEnd, origin(session) ? now : 0);
  const { start, end } = view ?? { start: begin, end: last };
  return {
    zero,
    start,
    end,
    windowEnd,
    x: (at) => ((clamp(at, begin, last) - start) / (end - start)) * 100,
  };
}

// Runs of points without a gap between them.
export function runs(points, speed) {
  const steps = points.slice(1).map((point, n) => Date.parse(point.at) - Date.parse(points[n].at));
  const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  const gap = Math.max(GAP_MS, 2.5 * usual, 3000 * speed);
  const out = [];
  points
    .filter((point) => point.min != null)
    .forEach((point, n, all) => {
      const before = all[n - 1];
      if (!before || Date.parse(point.at) - Date.parse(before.at) > gap) out.push([]);
      out.at(-1).push(point);
    });
  return out;
}

export function Course({ session, alarms, course, now, speed, view = null, large = false }) {
  const axis = axisOf(session, now, view);
  const begun = origin(session) !== null;
  return html`
    <figure class="course ${large ? "large" : ""}">
      <svg class="signals" role="img" aria-label="SpO2 and pressure over the session">
        <${Limits} session=${session} large=${large} />
        <svg class="plot" width="100%" height="100%">
          ${large && Gaps(course?.points ?? [], axis, speed)}
          <${Trend} points=${course?.points ?? []} axis=${axis} speed=${speed} />
          ${session.pressures.map((one) => PressureBar(one, axis))}
          ${begun && Now(axis, now)}
        </svg>
        ${large && Scale()}
      </svg>
      <svg class="bar" role="img" aria-label="Doses, checks and alarms over the session">
        <svg class="plot" width="100%" height="100%">
          <rect class="track" width="100%" y="13" height="8" rx="4" />
          ${begun && Elapsed(session, axis, now)}
          ${[...alarms.filter(isOpen), ...(course?.ended ?? [])]
            .sort(byUrgency)
            .reverse()
            .map((alarm) => AlarmSpan(alarm, axis, now))}
          ${session.doses.map((dose) => DoseMark(dose, axis))}
          ${groups(session.schedule).map((group) => CheckDot(group, axis))}
          ${Ticks(axis)} ${begun && Now(axis, now, 30)}
        </svg>
      </svg>
      ${course?.problem && html`<figcaption>trend not available: ${course.problem}</figcaption>`}
    </figure>
  `;
}

const pct = (value) => `${value.toFixed(2)}%`;

// A small shape at a place in percent; its path is in pixels around that place.
const Mark = (x, y, name, path, title) => html`
  <svg x=${x} y=${y} class="mark"><path class=${name} d=${path} /><title>${title}</title></svg>
`;

function Limits({ session, large }) {
  const baseline = session.baseline?.sys;
  const lines = limitLines(session.limits ?? [])
    .concat(
      baseline == null
        ? []
        : {
            name: "baseline",
            y: heightOf("pressure", baseline),
            label: `baseline ${Math.round(baseline)}`,
          },
    );
  return lines.map(
    ({ name, y, label }) => html`
      <line class=${name} x1="0" x2="100%" y1=${pct(y)} y2=${pct(y)} />
      ${large && html`<text class="limit-label" x="100%" y=${pct(y)} dy="-4">${label}</text>`}
    `,
  );
}

// Limits at one place are one line: its gravest priority, all of their names.
function limitLines(limits) {
  const lines = new Map();
  for (const { vital, value, priority, label } of limits) {
    const y = heightOf(vital === "spo2" ? "spo2" : "pressure", value);
    const known = lines.get(y) ?? { y, priorities: [], names: [], value };
    known.priorities.push(priority);
    known.names.push(label?.replace(/ [^ ]*$/, ""));
    lines.set(y, known);
  }
  return [...lines.values()].map(({ y, priorities, names, value }) => ({
    name: `limit ${priorities.includes("high") ? "high" : priorities[0]}`,
    y,
    label: [names.filter(Boolean).join(", "), value].filter(Boolean).join(" "),
  }));
}

// Where no SpO2 was measured is hatched.
function Gaps(points, axis, speed) {
  const { top, bottom } = SCALES.spo2;
  const found = runs(points, speed);
  return found.slice(1).map((run, n) => {
    const [from, to] = [Date.parse(found[n].at(-1).at), Date.parse(run[0].at)];
    return html`
      <rect
        key=${from}
        class="gap"
        x=${pct(axis.x(from))}
        width=${pct(axis.x(to) - axis.x(from))}
        y=${pct(top)}
        height=${pct(bottom - top)}
      >
        <title>no SpO2 from ${clock(from)} to ${clock(to)}</title>
      </rect>
    `;
  });
}

function Trend({ points, axis, speed }) {
  const at = ({ at: time }, value) =>
    `${(axis.x(Date.parse(time)) * 10).toFixed(1)},${(heightOf("spo2", value) * 10).toFixed(1)}`;
  const band = (run) => [
    ...run.map((point) => at(point, point.max)),
    ...run.toReversed().map((point) => at(point, point.min)),
  ];
  const middle = (run) => run.map((point) => at(point, (point.min + point.max) / 2));
  return html`
    <svg class="trend" viewBox="0 0 1000 1000" preserveAspectRatio="none">
      ${runs(points, speed).map(
        (run, n) => html`
          <polygon key=${n} points=${band(run).join(" ")} />
          <polyline points=${middle(run).join(" ")} />
        `,
      )}
    </svg>
  `;
}

function PressureBar({ sys, dia, at }, axis) {
  const x = pct(axis.x(Date.parse(at)));
  const [top, bottom] = [pct(heightOf("pressure", sys)), pct(heightOf("pressure", dia))];
  const title = `${Math.round(sys)}/${Math.round(dia)} at ${clock(at)}`;
  return html`
    <line key=${at} class="pressure-bar" x1=${x} x2=${x} y1=${top} y2=${bottom}>
      <title>${title}</title>
    </line>
    ${Mark(x, top, "pressure-head", "M-4-5H4L0 1z", title)}
    ${Mark(x, bottom, "pressure-head", "M-4 5H4L0-1z", title)}
  `;
}

function Now(axis, now, to = null) {
  const x = pct(axis.x(now));
  return html`<line class="now" x1=${x} x2=${x} y1="0" y2=${to ?? "100%"} />`;
}

function Scale() {
  const marks = [
    ...[85, 90, 95, 100].map((value) => ["spo2", value]),
    ...[60, 90, 120, 150, 180].map((value) => ["pressure", value]),
  ];
  return marks.map(([scale, value]) => {
    const y = pct(heightOf(scale, value));
    return html`
      <line class="grid" x1="0" x2="100%" y1=${y} y2=${y} />
      <text class="scale ${scale}" x="0" y=${y} dx="-8" dy="4">${value}</text>
    `;
  });
}

function Elapsed(session, axis, now) {
  const start = axis.x(axis.zero);
  const width = Math.max(0, axis.x(now) - start);
  const name = session.ready ? "elapsed ready" : "elapsed";
  return html`
    <rect class=${name} x=${pct(start)} width=${pct(width)} y="13" height="8" rx="4" />
  `;
}

const SPAN_HEIGHT = { high: 12, medium: 8, low: 5 };

function AlarmSpan(alarm, axis, now) {
  if (isAdvisory(alarm)) return null;
  const start = Date.parse(alarm.raised_at);
  const end = Date.parse(alarm.condition_ended_at ?? alarm.ended_at) || now;
  if (end < axis.start || start > axis.end) return null;
  const x = Math.min(axis.x(start), 100 - LEAST_SPAN);
  const height = SPAN_HEIGHT[alarm.priority];
  return html`
    <rect
      key=${`${alarm.id} ${alarm.ended_at}`}
      class="span ${alarm.priority}"
      x=${pct(x)}
      width=${pct(Math.max(LEAST_SPAN, axis.x(end) - x))}
      y=${17 - height / 2}
      height=${height}
    >
      <title>${alarm.text}, ${clock(start)} to ${alarm.ended_at ? clock(end) : "now"}</title>
    </rect>
  `;
}

function DoseMark({ product, mg, at }, axis) {
  return Mark(
    pct(axis.x(Date.parse(at))),
    "2",
    "dose",
    "M-5 0H5L0 8z",
    `${product} ${mg} mg at ${clock(at)}`,
  );
}

// Checks due at about the same time are one dot, as pressing as the most pressing of them.
function groups(schedule) {
  const out = [];
  for (const check of schedule) {
    const due = Date.parse(check.due_at);
    const last = out.at(-1);
    if (last && due - last.due < SAME_CHECK_MS) last.checks.push(check);
    else out.push({ due, checks: [check] });
  }
  return out;
}

const DOTS = {
  done: "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
  due: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",
  upcoming: "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z",
  overdue: "M0-6L6 0L0 6L-6 0z",
  missed: "M-4-4L4 4M-4 4L4-4",
};

function CheckDot({ due, checks }, axis) {
  if (due < axis.start || due > axis.end) return null;
  const state = WORST_STATE.find((one) => checks.some((check) => check.state === one));
  const title = checks.map((check) => `${checkName(check.check)} ${check.state}`).join(", ");
  return Mark(pct(axis.x(due)), "28", `check ${state}`, DOTS[state], `${title} (${clock(due)})`);
}

function Ticks(axis) {
  const span = (axis.end - axis.start) / MINUTE;
  const [, every] = TICKS_EVERY.find(([most]) => span <= most);
  return Array.from({ length: MOST_TICKS }, (_, n) => n * every)
    .map((minute) => [minute, axis.zero + minute * MINUTE])
    .filter(([, at]) => at >= axis.start && at <= axis.end + MINUTE / 2)
    .map(
      ([minute, at]) =>
        html`<text key=${minute} class="tick" x=${pct(axis.x(at))} y="46">${minute}</text>`,
    );
}

export const alarmsIn120 = (bed) => `${plural(bed.alarms_120min ?? 0, "alarm")} / 120 min`;
