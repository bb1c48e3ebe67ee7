// Times and numbers in a nurse's words. Pure. Spans are in milliseconds.
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const wallClock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

const two = (n) => String(n).padStart(2, "0");

// "14:31", in the browser's time zone.
export const clock = (at) => (at == null ? "–" : wallClock.format(new Date(at)));

// How long something has lasted: "0:42", "12:05", "1 h 20 min".
export function lasted(span) {
  const s = Math.max(0, Math.floor(span / 1000));
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

// A rough span: "40 s", "4 min", "2 h 10 min".
export function rough(span) {
  const s = Math.max(0, Math.floor(span / 1000));
  if (s < 60) return `${s} s`;
  return s < 3600 ? `${Math.floor(s / 60)} min` : lasted(span);
}

// What is left of a window as hours and minutes, rounded up: "1:27".
export function left(span) {
  const minutes = Math.max(0, Math.ceil(span / MINUTE));
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}`;
}

// "now", "in 40 s", "in 2 min".
export function until(span) {
  if (span < 1000) return "now";
  return span < MINUTE ? `in ${Math.ceil(span / 1000)} s` : `in ${inMinutes(span)}`;
}

function inMinutes(span) {
  return span < HOUR ? `${Math.ceil(span / MINUTE)} min` : lasted(span);
}

// A signed difference with a real minus: "+23", "−4".
export const signed = (n) => (n < 0 ? `−${Math.abs(Math.round(n))}` : `+${Math.round(n)}`);

export const plural = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

const NAME_LETTERS = 18;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufefc]/u;

// A person's name beside an alarm: the name gives way, not the alarm, and turns no text around.
export function person(name) {
  const letters = [...name];
  const short = letters.length > NAME_LETTERS ? `${letters.slice(0, NAME_LETTERS - 1).join("")}…` : name;
  return RIGHT_TO_LEFT.test(short) ? `\u2068${short}\u2069` : short;
}

const MOST_NAMED = 3;

// "a, b, c and 2 more".
export function few(names) {
  const named = names.slice(0, MOST_NAMED).join(", ");
  return names.length > MOST_NAMED ? `${named} and ${names.length - MOST_NAMED} more` : named;
}

const CHECKS = { pressure: "Pressure", cadss: "CADSS", moaas: "MOAA/S", resp: "Respiratory rate" };

export const checkName = (check) => CHECKS[check] ?? check;

// The bed's name as written above it; without one its short id: "bed-4" is 4.
export const bedName = ({ id, name }) => name ?? id.replace(/^bed-/, "");
export const bedWords = (bed) => (bed.name ? `${bed.name}, ${bed.id}` : `Bed ${bedName(bed)}`);

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// Short enough to stand under a number: its driver's name.
export const deviceName = (device) => capital(device?.driver ?? "");
