// Alarms as sound, after IEC 60601-1-8: a burst of ten pulses for high, three for medium, one for
// low. Only the worst unacknowledged alarm sounds, never an advisory. Browsers play nothing before
// a click, so sound is off until somebody turns it on. That wish outlasts the page: the next one asks for
// a touch, any touch, and sounds for the rest of its life.
import { computed, signal } from "../vendor/signals.js";

// Frequencies in Hz, onsets and lengths in s, and after how long the burst comes again.
const BURSTS = {
  high: {
    onsets: [0, 0.2, 0.4, 0.75, 0.95, 1.5, 1.7, 1.9, 2.25, 2.45],
    tones: [523, 659, 784, 659, 784, 523, 659, 784, 659, 784],
    length_s: 0.13,
    every_s: 6,
  },
  medium: { onsets: [0, 0.4, 0.8], tones: [523, 494, 440], length_s: 0.22, every_s: 12 },
  low: { onsets: [0], tones: [440], length_s: 0.25, every_s: 24 },
};
const LOUDNESS = 0.5;
const HARMONICS = [0, 1, 0.6, 0.4, 0.25, 0.15];
const RISE_S = 0.015;

export const soundOn = signal(false);
const WISH = "postdose.sound";
const isWanted = signal(localStorage.getItem(WISH) === "on");
// Whether it can be heard: on, blocked by the browser until it is touched, or muted.
export const soundState = computed(() =>
  soundOn.value ? "on" : isWanted.value ? "blocked" : "muted",
);

function want(wanted) {
  isWanted.value = wanted;
  if (wanted) localStorage.setItem(WISH, "on");
  else localStorage.removeItem(WISH);
}

let context = null;
let wave = null;
let last = { priority: null, at: -Infinity };

export async function toggleSound() {
  if (soundOn.value) {
    want(false);
    soundOn.value = false;
    await context.suspend();
    return;
  }
  await unlock();
  want(true);
}

async function unlock() {
  if (!context) {
    context = new AudioContext();
    wave = context.createPeriodicWave(
      HARMONICS.map(() => 0),
      HARMONICS,
    );
    context.onstatechange = () => (soundOn.value = context.state === "running");
  }
  await context.resume();
  soundOn.value = context.state === "running";
  last = { priority: null, at: -Infinity };
}

// What asks for it by itself does not need this.
for (const kind of ["pointerdown", "pointerup", "keydown"])
  addEventListener(
    kind,
    ({ target }) => soundState.peek() === "blocked" && !target.closest?.("[data-sound]") && unlock(),
    { capture: true },
  );
// Where the browser lets a page sound by itself, as on a kiosk's, nobody has to touch it.
if (isWanted.peek()) unlock();

// Sounds `priority` (or nothing, when null) if its burst is due; a worse one does not wait.
export function sound(priority) {
  if (!soundOn.peek()) return;
  const at = context.currentTime;
  if (priority && (priority !== last.priority || at - last.at >= BURSTS[priority].every_s)) {
    play(BURSTS[priority], at);
    last = { priority, at };
  }
  if (!priority) last = { priority: null, at };
}

function play({ onsets, tones, length_s }, at) {
  onsets.forEach((onset, n) => {
    const tone = new OscillatorNode(context, { frequency: tones[n], periodicWave: wave });
    const gain = new GainNode(context, { gain: 0 });
    const start = at + onset;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(LOUDNESS, start + RISE_S);
    gain.gain.setValueAtTime(LOUDNESS, start + length_s - RISE_S);
    gain.gain.linearRampToValueAtTime(0, start + length_s);
    tone.connect(gain).connect(context.destination);
    tone.start(start);
    tone.stop(start + length_s);
  });
}
