// The wave of the bed that is looked at, at the device's own rate: what has come and is still to be
// drawn, and what has been. A wave that no longer comes stops, and is not live.
import { signal } from "../vendor/signals.js";

const SWEEP_S = 6;
// How much waits before the sweep begins, so that it does not stutter, and how much at most.
const LEAD_S = 0.5;
const MOST_S = 1.5;
const STALE_MS = 1500;

// {bed, device, rate_hz, heard} of the wave that comes, `heard` by performance.now(); or null.
export const wave = signal(null);

// {samples, at}: a ring of one sweep, and where it is written next; `waiting` is still to come.
let ring = { samples: [], at: 0 };
let waiting = [];
let isRunning = false;
let drawnAt = 0;

export const isStale = () => !wave.value || performance.now() - wave.value.heard > STALE_MS;

export function forgetWave() {
  wave.value = null;
  ring = { samples: [], at: 0 };
  waiting = [];
  isRunning = false;
}

// Of several oximeters at a bed it is the wave of `preferred`, the one whose SpO2 is shown.
export function takeWave({ bed, waves }, looked, preferred) {
  const pleths = waves.filter(({ name }) => name === "pleth");
  const found = pleths.find(({ device }) => device === preferred) ?? pleths[0];
  if (bed !== looked || !found) return;
  const { device, rate_hz: rate } = found;
  const old = wave.peek();
  if (!old || old.bed !== bed || old.device !== device || old.rate !== rate) forgetWave();
  waiting = [...waiting, ...found.samples].slice(-Math.round(rate * MOST_S));
  wave.value = { bed, device, rate, heard: performance.now() };
}

// Moves the sweep on to `now`; {samples, at, length}, a sample is null where nothing was drawn yet.
export function sweep(now) {
  const { value } = wave;
  if (!value) return null;
  const length = Math.round(value.rate * SWEEP_S);
  if (!isRunning && waiting.length >= value.rate * LEAD_S) {
    isRunning = true;
    drawnAt = now;
  }
  if (isRunning) {
    const due = Math.floor(((now - drawnAt) / 1000) * value.rate);
    drawnAt += (due / value.rate) * 1000;
    for (const sample of waiting.splice(0, due)) {
      ring.samples[ring.at] = sample;
      ring.at = (ring.at + 1) % length;
    }
    if (!waiting.length) isRunning = false;
  }
  return { ...ring, length };
}
