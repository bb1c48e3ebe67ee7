// The server's time as the page knows it. Every age and countdown runs from this, none from
// the browser's own clock: the two may differ, and a simulated ward runs faster.
import { signal } from "../vendor/signals.js";

const TICK_MS = 1000;
let anchor = null;

// Milliseconds since 1970 by the server, null until it has spoken; changes once a second.
export const now = signal(null);

export function anchorTo(status) {
  anchor = { server: Date.parse(status.now), here: performance.now(), speed: status.speed };
  now.value = serverNow();
}

export function serverNow() {
  return anchor && anchor.server + (performance.now() - anchor.here) * anchor.speed;
}

export function startClock(onTick) {
  setInterval(() => {
    now.value = serverNow();
    onTick();
  }, TICK_MS);
}
