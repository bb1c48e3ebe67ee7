// A time of day that a person types, as the instant it was. Pure.
const TIME = /^([01]?\d|2[0-3])[:.]?([0-5]\d)$/;
const DAY_MS = 24 * 60 * 60_000;
const AHEAD_MS = 60_000;

// What is missing where something is typed that is no time.
export const lackOf = (text, at) => text.trim() !== "" && at === null && "a time as 14:05";

// The last moment at which it was that time, null for what is no time; `now` in ms.
export function momentOf(text, now) {
  const [, hour, minute] = `${text}`.trim().match(TIME) ?? [];
  if (hour === undefined) return null;
  const at = new Date(now);
  at.setHours(Number(hour), Number(minute), 0, 0);
  return at.getTime() > now + AHEAD_MS ? at.getTime() - DAY_MS : at.getTime();
}
