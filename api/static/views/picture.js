// The session's picture on a bed's page: the course, which can be zoomed and moved by wheel, drag,
// keys and buttons. What is looked at closely is fetched as closely.
import { useEffect, useRef, useState } from "../vendor/preact-hooks.js";
import { clock } from "../format.js";
import { html } from "../html.js";
import { getTrend } from "../state/api.js";
import { Course, axisOf } from "./course.js";

const MINUTE = 60_000;
const LEAST_MS = 5 * MINUTE;
const STEP = 1.5;
const REST_MS = 300;
const POINTS = 600;

// The part of `whole` that is `by` times as long around `at`, moved to lie within it; null is all.
export function zoomed(view, whole, by, at) {
  const length = Math.max(LEAST_MS, (view.end - view.start) * by);
  if (length >= whole.end - whole.start) return null;
  const part = (at - view.start) / (view.end - view.start);
  return within({ start: at - part * length, end: at + (1 - part) * length }, whole);
}

export function within(view, whole) {
  const by = Math.max(0, whole.start - view.start) - Math.max(0, view.end - whole.end);
  return { start: view.start + by, end: view.end + by };
}

export function Picture({ session, course, now, ...more }) {
  const [view, look] = useState(null);
  const place = useRef(null);
  const whole = axisOf(session, now);
  const shown = view ?? whole;
  const points = useDetail(session, view) ?? course?.points;
  const zoom = (by, at = (shown.start + shown.end) / 2) => look(zoomed(shown, whole, by, at));
  const move = (by) => {
    const ms = by * (shown.end - shown.start);
    if (view) look(within({ start: view.start + ms, end: view.end + ms }, whole));
  };
  useWheel(place, (event, part) => {
    if (!event.ctrlKey && !view) return;
    event.preventDefault();
    if (event.deltaX) move(event.deltaX / 800);
    else zoom(event.deltaY > 0 ? STEP : 1 / STEP, shown.start + part * (shown.end - shown.start));
  });
  const drag = (event) => {
    if (event.buttons !== 1 || !view) return;
    move(-event.movementX / place.current.clientWidth);
  };
  const keys = {
    "+": () => zoom(1 / STEP),
    "-": () => zoom(STEP),
    0: () => look(null),
    ArrowLeft: () => move(-0.2),
    ArrowRight: () => move(0.2),
  };
  const key = (event) => {
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  };
  return html`
    <div class="picture">
      <p class="zoom" role="group" aria-label="Which part is shown">
        <button aria-label="Closer" onClick=${keys["+"]}>+</button>
        <button aria-label="Wider" disabled=${!view} onClick=${keys["-"]}>−</button>
        <button aria-label="Earlier" disabled=${!view} onClick=${keys.ArrowLeft}>◀</button>
        <button aria-label="Later" disabled=${!view} onClick=${keys.ArrowRight}>▶</button>
        <button disabled=${!view} onClick=${keys[0]}>All</button>
        <span class="muted" role="status">${view && `${clock(view.start)} to ${clock(view.end)}`}</span>
      </p>
      <div
        ref=${place}
        class="picture-place ${view ? "zoomed" : ""}"
        tabindex="0"
        role="group"
        aria-label="The session's picture: plus and minus zoom, arrows move, 0 shows all"
        onKeyDown=${key}
        onPointerMove=${drag}
      >
        <${Course} large course=${{ ...course, points: points ?? [] }} ...${{ session, now, view, ...more }} />
      </div>
    </div>
  `;
}

// A wheel may only be kept from scrolling by a listener that says so beforehand.
function useWheel(place, turn) {
  const latest = useRef(turn);
  latest.current = turn;
  useEffect(() => {
    const of = place.current;
    const wheel = (event) => {
      const box = of.getBoundingClientRect();
      latest.current(event, (event.clientX - box.left) / box.width);
    };
    of.addEventListener("wheel", wheel, { passive: false });
    return () => of.removeEventListener("wheel", wheel);
  }, []);
}

// SpO2 of the part that is shown, once it has rested; null until then, and when all is shown.
function useDetail(session, view) {
  const [detail, put] = useState(null);
  const [start, end] = view ? [view.start, view.end] : [null, null];
  useEffect(() => {
    put(null);
    if (start === null) return;
    let wanted = true;
    const part = { start, end, points: POINTS };
    const timer = setTimeout(() => {
      getTrend(session.id, "spo2", part).then(
        (points) => wanted && put(points),
        () => {},
      );
    }, REST_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [session.id, start, end]);
  return detail;
}
