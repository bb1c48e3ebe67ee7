// In which order the tiles stand: by priority, then by what is due next. They move at most
// once in 10 s, and never while a pointer is down or the focus is inside one.
import { effect, signal } from "../vendor/signals.js";
import { urgency } from "./alarm.js";
import { now } from "./clock.js";
import { nextDueAt } from "./schedule.js";
import { isByRoom } from "./wall.js";
import { beds } from "./ward.js";

const MOVE_EVERY_MS = 10_000;
// A focus nobody has used for this long is given up, so that a touch does not hold a wall for good.
const IDLE_MS = 120_000;

export const order = signal([]);

let pointers = 0;
let movedAt = -Infinity;
let usedAt = performance.now();

// Bed ids in the order they ought to stand. Pure.
export function wanted(list, at) {
  if (isByRoom) return list.map(({ id }) => id);
  const key = (bed) => {
    const due = bed.session?.ready ? at : nextDueAt(bed.session);
    return [...urgency(bed), due];
  };
  const keyed = list.map((bed) => ({ id: bed.id, key: key(bed) }));
  const compare = (a, b) => (a === b ? 0 : a < b ? -1 : 1);
  return keyed
    .sort(
      (a, b) =>
        a.key.reduce((before, part, n) => before || compare(part, b.key[n]), 0) ||
        a.id.localeCompare(b.id, "en", { numeric: true }),
    )
    .map(({ id }) => id);
}

function held() {
  return pointers > 0 || document.querySelector(".tile:focus-within, dialog[open]") !== null;
}

export function arrange() {
  const list = beds.peek();
  if (!list) return;
  const next = wanted(list, now.peek());
  const current = order.peek();
  if (next.join("\n") === current.join("\n")) return;
  const sameBeds = [...next].sort().join("\n") === [...current].sort().join("\n");
  if (sameBeds && (held() || performance.now() - movedAt < MOVE_EVERY_MS)) return;
  movedAt = performance.now();
  order.value = next;
}

export function releaseIdleFocus() {
  if (performance.now() - usedAt < IDLE_MS) return;
  document.activeElement?.closest(".tile") && document.activeElement.blur();
}

export function startOrder() {
  const used = () => (usedAt = performance.now());
  const down = () => (pointers += 1);
  const up = () => (pointers = Math.max(0, pointers - 1));
  addEventListener("pointerdown", down, true);
  addEventListener("pointerup", up, true);
  addEventListener("pointercancel", up, true);
  addEventListener("blur", () => (pointers = 0));
  for (const name of ["pointerdown", "keydown", "focusin"]) addEventListener(name, used, true);
  effect(() => {
    beds.value;
    arrange();
  });
}
