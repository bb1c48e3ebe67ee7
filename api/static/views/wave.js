// The pleth as a sweep, as bedside monitors draw it: old to new from the left, a gap before what is
// oldest. When samples stop the sweep stops and greys, and says for how long.
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { lasted } from "../format.js";
import { html } from "../html.js";
import { now } from "../state/clock.js";
import { isStale, sweep, wave } from "../state/wave.js";

const GAP = 0.03;
const STILL_MS = 1000;
const still = matchMedia("(prefers-reduced-motion: reduce)");

export function Wave({ bed }) {
  const canvas = useRef(null);
  useEffect(() => {
    let frame = 0;
    let drawn = 0;
    const draw = (at) => {
      frame = requestAnimationFrame(draw);
      if (still.matches && at - drawn < STILL_MS) return;
      drawn = at;
      if (canvas.current) paint(canvas.current, sweep(performance.now()));
    };
    frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, []);
  now.value;
  const known = wave.value?.bed === bed.id;
  const stale = isStale();
  const words = known
    ? stale && `no wave for ${lasted(performance.now() - wave.value.heard)}`
    : "no wave";
  return html`
    <div class="wave ${known && !stale ? "sweeping" : "stale"} ${known ? "" : "none"}">
      <canvas ref=${canvas} role="img" aria-label="Pleth wave"></canvas>
      <p class="muted">${words || "pleth · live"}</p>
    </div>
  `;
}

function paint(canvas, found) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = devicePixelRatio;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  if (!found?.samples.length) return;
  const { samples, at, length } = found;
  const [low, high] = [Math.min(...samples), Math.max(...samples)];
  const y = (value) => height - 3 - ((value - low) / Math.max(1, high - low)) * (height - 6);
  const gap = Math.round(length * GAP);
  pen.strokeStyle = getComputedStyle(canvas).color;
  pen.lineWidth = 2;
  pen.lineJoin = "round";
  pen.beginPath();
  samples.forEach((sample, n) => {
    const ahead = (n - at + length) % length;
    const x = (n / (length - 1)) * width;
    if (ahead < gap || ahead === gap || n === 0) pen.moveTo(x, y(sample));
    else pen.lineTo(x, y(sample));
  });
  pen.stroke();
}
