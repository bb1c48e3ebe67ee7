// The HTTP API. Paths are relative, so that the page also works below a proxy's prefix.
const TIME_LIMIT_MS = 10_000;

// A request the daemon refused or never answered; `message` can be shown as it is.
export class Refused extends Error {}

async function request(path, options) {
  let response;
  try {
    response = await fetch(`api/v1/${path}`, {
      cache: "no-store",
      signal: AbortSignal.timeout(TIME_LIMIT_MS),
      ...options,
    });
  } catch {
    throw new Refused("the daemon does not answer");
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Refused(problem(body, response));
  if (body === null) throw new Refused("the answer broke off");
  return body;
}

function problem(body, response) {
  const parts = [body?.title, body?.detail].filter((part) => typeof part === "string");
  return parts.length ? parts.join(": ") : `HTTP ${response.status}`;
}

const part = encodeURIComponent;

function post(path, body) {
  return request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

export const getStatus = () => request("status");
export const getBeds = async () => (await request("beds")).items;
export const getBed = (bed) => request(`beds/${part(bed)}`);
// Alarms of a session that have ended, as they were at their end.
export const getEnded = async (session) =>
  (
    await request(
      `events?type=alarm.ended&type=alarm.reset&limit=500&session=${part(session)}`,
    )
  ).items.map((event) => event.payload.alarm);
export const getTrend = async (session, vital) =>
  (await request(`sessions/${part(session)}/readings?vital=${vital}&points=120`)).points;
export const acknowledge = (alarm, by, note) =>
  post(`alarms/${part(alarm)}/acknowledge`, { by, note });
export const unacknowledge = (alarm, by, note) =>
  post(`alarms/${part(alarm)}/unacknowledge`, { by, note });
export const pauseAudio = (bed, by) => post(`beds/${part(bed)}/audio-pause`, { by });
