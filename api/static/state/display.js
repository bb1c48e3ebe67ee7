// This page as an alarm display: what it has painted and what it sounds, said to the daemon after it
// was painted, when that has changed, and every ten seconds. And which other displays there are.
import { computed, effect, signal } from "../vendor/signals.js";
import * as api from "./api.js";
import { place } from "./address.js";
import { audible, isAdvisory, isOpen, quietFor } from "./alarm.js";
import { serverNow } from "./clock.js";
import { newKey } from "./key.js";
import { soundState } from "./sound.js";
import { link, streamName } from "./stream.js";
import { namedBeds, shownOf } from "./wall.js";
import { beds, displays } from "./ward.js";

const EVERY_MS = 10_000;
const AGAIN_MS = 3000;

export const ID = newKey();

// What people call this place: ?station= in the address says it, for good.
const STATION = "postdose.station";
const said = new URLSearchParams(location.search).get("station")?.trim();
if (said) localStorage.setItem(STATION, said.slice(0, 64));
export const station = localStorage.getItem(STATION) ?? `Screen ${ID.slice(0, 4)}`;
if (!said) localStorage.setItem(STATION, station);

const shownBeds = () => (place.peek().bed ? [place.peek().bed] : namedBeds);

// Alarms of high and medium priority that are to be painted, by id.
const grave = computed(() =>
  new Map(
    (shownOf(beds.value) ?? []).flatMap((bed) =>
      bed.alarms
        .filter((alarm) => isOpen(alarm) && !isAdvisory(alarm) && alarm.priority !== "low")
        .map((alarm) => [alarm.id, { bed, alarm }]),
    ),
  ),
);
const told = computed(() =>
  [...grave.value.values()].map(({ alarm }) => [alarm.id, alarm.count, alarm.acknowledged]).join(),
);

// Whether its middle is in sight: on the screen, and neither under a sheet nor under a dialog.
function isInSight(element) {
  if (element.closest("[inert]")) return false;
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const x = (left + right) / 2;
  const y = (top + bottom) / 2;
  const isIn = (box) => x > box.left && x < box.right && y > box.top && y < box.bottom;
  const isOver = (dialog) => !dialog.contains(element) && isIn(dialog.getBoundingClientRect());
  return (
    isIn({ left: 0, top: 0, right: innerWidth, bottom: innerHeight }) &&
    ![...document.querySelectorAll("dialog[open]")].some(isOver)
  );
}

function painted() {
  const elements = [...document.querySelectorAll("[data-shows]")].filter(isInSight);
  return new Set(elements.flatMap((element) => element.dataset.shows.split(" ")));
}

function announcement() {
  const at = serverNow();
  const sounding = soundState.peek() === "on" && audible(shownOf(beds.peek()) ?? [], at);
  const seen = document.hidden ? new Set() : painted();
  const alarms = [...grave.peek().values()]
    .filter(({ alarm: { id, count } }) => seen.has(`${id}:${count}`))
    .map(({ bed, alarm }) => ({
      id: alarm.id,
      count: alarm.count,
      sounds: alarm.priority === sounding && !alarm.acknowledged && !quietFor(bed, at),
    }));
  return {
    id: ID,
    stream: streamName.peek(),
    station,
    beds: shownBeds() ?? null,
    sound: soundState.peek(),
    visible: !document.hidden,
    alarms,
  };
}

let sent = null;
let notBefore = -Infinity;
let sending = false;

// To be called about once a second, too. What it says now is compared with what it said last.
export async function announce() {
  if (sending || !link.peek().up || !streamName.peek()) return;
  const body = announcement();
  const text = JSON.stringify(body);
  const at = performance.now();
  if (text === sent ? at < notBefore : sent === null && at < notBefore) return;
  sending = true;
  try {
    displays.value = await api.announceDisplay(body);
    sent = text;
    notBefore = at + EVERY_MS;
  } catch (error) {
    console.warn(`display: ${error.message}`);
    sent = null;
    notBefore = at + AGAIN_MS;
  } finally {
    sending = false;
  }
}

// After the frame in which it is painted; a hidden page paints none.
let waiting = false;
function afterPaint() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      waiting = false;
      announce();
    }),
  );
}

effect(() => {
  told.value;
  soundState.value;
  place.value;
  afterPaint();
});
effect(() => {
  link.value;
  streamName.value;
  sent = null;
  notBefore = -Infinity;
  afterPaint();
});
document.addEventListener("visibilitychange", () => (document.hidden ? announce() : afterPaint()));
addEventListener("pagehide", () => link.peek().up && api.closeDisplay(ID));

// Who else shows that bed, in the order in which they came; and whether anything sounds it.
export const othersOf = (bed) => showing(bed).filter(({ id }) => id !== ID);
export const isMine = ({ id }) => id === ID;
export const showing = (bed) =>
  displays.value.filter(({ visible, beds: of }) => visible && (of === null || of.includes(bed)));
