// The HTTP API. Paths are relative, so that the page also works below a proxy's prefix.
const TIME_LIMIT_MS = 10_000;
// Nobody is there, or nothing can be stored: later it may be.
const NOT_NOW = new Set([502, 503, 504]);

// A request the daemon refused or never answered; `message` can be shown as it is, and `detail`
// without the title of what kind of refusal it is; `fields` are those that are wrong.
export class Refused extends Error {
  constructor(message, detail = message, fields = []) {
    super(message);
    this.detail = detail;
    this.fields = fields;
  }
}

// Nobody knows whether it was done: it can be sent again under the same key.
export class Unanswered extends Refused {}

// What is to be done when the daemon says that nobody is signed in.
let signedOut = () => {};
export const onSignedOut = (how) => {
  signedOut = how;
};

async function request(path, options) {
  let response;
  try {
    response = await fetch(`api/v1/${path}`, {
      cache: "no-store",
      signal: AbortSignal.timeout(TIME_LIMIT_MS),
      ...options,
    });
  } catch {
    throw new Unanswered("the daemon does not answer");
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) {
    if (body?.code === "sign-in") signedOut();
    const again = NOT_NOW.has(response.status) || body?.code === "under-way";
    const fields = body?.errors?.map(({ field }) => field);
    throw new (again ? Unanswered : Refused)(problem(body, response), body?.detail, fields);
  }
  if (body === null) throw new Unanswered("the answer broke off");
  return body;
}

function problem(body, response) {
  const parts = [body?.title, body?.detail].filter((part) => typeof part === "string");
  return parts.length ? parts.join(": ") : `HTTP ${response.status}`;
}

const part = encodeURIComponent;

function post(path, body, headers = {}) {
  return request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

// A command that is done once, however often it is sent under that key.
export const command = (path, body, key) => post(path, body, { "Idempotency-Key": key });

export const getAccess = () => request("access");
export const signIn = (name, password) => post("access/sign-in", { name, password });
export const unlock = (name, pin) => post("access/unlock", { name, pin });
export const lock = () => post("access/lock", {});
export const getAlarmsInBrief = async () => (await request("alarms/brief")).items;
export const getStatus = () => request("status");
export const getBeds = async () => (await request("beds")).items;
export const getBed = (bed) => request(`beds/${part(bed)}`);
export const getRegimens = async () => (await request("regimens")).items;
export const getTreatmentCourse = (patient) => request(`patients/${part(patient)}/course`);
export const getDeviceLinks = async (bed) => (await request(`beds/${part(bed)}/devices`)).items;
export const getSessionsAt = async (bed, limit) =>
  (await request(`sessions?bed=${part(bed)}&limit=${limit}`)).items;
// Events of a session past `after`, in order.
export const getEvents = async (session, after, limit) =>
  (await request(`events?limit=${limit}&after=${after}&session=${part(session)}`)).items;
// Alarms of a session that have ended, as they were at their end; and its notes.
export async function getTold(session) {
  const types = "type=alarm.ended&type=alarm.reset&type=note.added";
  const { items } = await request(`events?${types}&limit=500&session=${part(session)}`);
  return {
    ended: items.flatMap(({ payload }) => payload.alarm ?? []),
    notes: items.filter(({ payload }) => payload.text),
  };
}
// Both answer which displays there are; the second also from a page that is being left.
export const announceDisplay = async (body) => (await post("displays", body)).items;
export const closeDisplay = (id) =>
  fetch(`api/v1/displays/${part(id)}/close`, { method: "POST", keepalive: true }).catch(() => {});
export const getAlarmLimits = async (session) =>
  (await request(`sessions/${part(session)}/alarm-limits`)).items;
// Of the whole session, or from `start` to `end` (ms).
export async function getTrend(session, vital, { start, end, points = 120 } = {}) {
  const iso = (at) => new Date(at).toISOString();
  const stretch = start != null && { from: iso(start), to: iso(end) };
  const query = new URLSearchParams({ vital, points, ...stretch });
  return (await request(`sessions/${part(session)}/readings?${query}`)).points;
}
// Where a session's papers are.
export const exportOf = (session, query) => `api/v1/sessions/${part(session)}/export?${query}`;
// At the display of that id, which may be what proves the alarm path.
export const acknowledge = (alarm, by, note, display) =>
  post(`alarms/${part(alarm)}/acknowledge`, { by, note, display });
export const unacknowledge = (alarm, by, note) =>
  post(`alarms/${part(alarm)}/unacknowledge`, { by, note });
export const pauseAudio = (bed, by) => post(`beds/${part(bed)}/audio-pause`, { by });
