// What the page knows of the ward, and how news changes it. Shows nothing and decides nothing
// clinical.
import { signal } from "../vendor/signals.js";
import * as api from "./api.js";
import { anchorTo } from "./clock.js";

const REFRESH_MS = 60_000;
const RETRY_MS = 5_000;
const TREND_POINTS = 1000;

export const status = signal(null);
export const beds = signal(null);
// The alarm displays that are there.
export const displays = signal([]);
// By bed: {session, points, ended, notes, problem}, what the course draws beyond the bed itself.
export const courses = signal({});

// A bed whose last session is over is free; that session is `last`. After an abort the patient
// may be there for some time yet.
const admit = (bed) =>
  bed.session?.ended_at ? { ...bed, session: null, last: bed.session } : bed;

export function takeStatus(body) {
  anchorTo(body);
  status.value = body;
  displays.value = body.alarm_displays ?? [];
}

// Beds that something happened at while the whole ward was being fetched, else null: what
// was fetched may be older than that.
let missed = null;

export async function loadWard() {
  const mine = new Set();
  missed = mine;
  try {
    const [newStatus, newBeds] = await Promise.all([api.getStatus(), api.getBeds()]);
    if (missed !== mine) return;
    takeStatus(newStatus);
    beds.value = newBeds.map(admit);
    beds.value.forEach((bed) => {
      fetchedAt.set(bed.id, performance.now());
      loadCourse(bed);
    });
  } finally {
    if (missed === mine) missed = null;
    mine.forEach(reloadBed);
  }
}

const change = (id, how) => {
  beds.value = beds.value?.map((bed) => (bed.id === id ? how(bed) : bed)) ?? null;
};

export function takeVitals({ bed: id, vitals }) {
  change(id, (bed) => ({ ...bed, vitals: { ...bed.vitals, ...vitals } }));
  extendTrend(id, vitals.spo2);
  missed?.add(id);
  if (fetching.has(id)) fetching.get(id).heard = true;
}

// Shows an alarm's new state at once; everything around it follows with the bed.
export function takeAlarm(alarm) {
  change(alarm.bed, (bed) => ({
    ...bed,
    alarms: [...bed.alarms.filter((other) => other.id !== alarm.id), alarm],
  }));
}

// Shows at once what a command answered, which is a session or a bed or neither.
export function takeAnswer(answer) {
  if (answer.criteria) change(answer.bed, (bed) => admit({ ...bed, session: answer }));
  reloadBed(answer.bed ?? answer.id);
  // A session that was moved is at no other bed any more.
  const before = beds.value?.filter(({ id, session }) => id !== answer.bed && session?.id === answer.id);
  before?.forEach(({ id }) => reloadBed(id));
}

// The bed's sound is paused, or (without `until`) on again.
export function takeAudio(id, { until = null, by = null }) {
  change(id, (bed) => ({ ...bed, audio: { paused_until: until, by } }));
}

// By bed that is being fetched: whether it was asked for again, and whether its vitals were
// heard, since that began.
const fetching = new Map();
// By bed: when it was last fetched.
const fetchedAt = new Map();

// Fetches one bed again; asked for while that is under way, once more afterwards.
export function reloadBed(id) {
  if (missed) missed.add(id);
  else if (fetching.has(id)) fetching.get(id).again = true;
  else if (beds.value?.some((bed) => bed.id === id)) fetchBed(id);
}

async function fetchBed(id) {
  const since = { again: false, heard: false };
  fetching.set(id, since);
  fetchedAt.set(id, performance.now());
  try {
    const bed = admit(await api.getBed(id));
    // What came meanwhile is not undone by an answer from before it.
    change(id, (old) => ({
      ...bed,
      alarms: since.again ? old.alarms : bed.alarms,
      audio: since.again ? old.audio : bed.audio,
      vitals: since.heard ? old.vitals : bed.vitals,
    }));
    await loadCourse(bed);
  } catch (error) {
    console.warn(`bed ${id}: ${error.message}`);
    fetchedAt.set(id, performance.now() - refreshEvery() + RETRY_MS);
  }
  fetching.delete(id);
  if (since.again) reloadBed(id);
}

// Fetches what no event has asked for in a while: checks fall due without one.
export function refreshBeds() {
  beds.value?.forEach(({ id }) => {
    if (performance.now() - fetchedAt.get(id) > refreshEvery()) reloadBed(id);
  });
}

// A minute of the ward's time, in real ms, yet not more often than a failed fetch is repeated.
const refreshEvery = () => Math.max(RETRY_MS, REFRESH_MS / (status.value?.speed ?? 1));

async function loadCourse(bed) {
  const { session } = bed;
  if (!session) return putCourse(bed.id, null);
  const known = courses.value[bed.id];
  const kept = known?.session === session.id ? known : { points: [], ended: [], notes: [] };
  try {
    const [points, { ended, notes }] = await Promise.all([
      api.getTrend(session.id, "spo2"),
      api.getTold(session.id),
    ]);
    putCourse(bed.id, { session: session.id, points, ended, notes, problem: null });
  } catch (error) {
    putCourse(bed.id, { ...kept, session: session.id, problem: error.message });
  }
}

function putCourse(id, course) {
  courses.value = { ...courses.value, [id]: course };
}

function extendTrend(id, vital) {
  const course = courses.value[id];
  if (!course || !vital || vital.value == null || vital.stale) return;
  const last = course.points.at(-1);
  if (last && Date.parse(vital.at) <= Date.parse(last.at)) return;
  const point = { at: vital.at, min: vital.value, max: vital.value };
  putCourse(id, { ...course, points: [...course.points, point].slice(-TREND_POINTS) });
}
