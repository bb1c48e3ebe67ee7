// Alarms as sound, after IEC 60601-1-8: a burst of ten pulses for high, three for medium, one for
// low. Only the worst unacknowledged alarm sounds, never an advisory. Browsers play nothing before
// a click, so sound is off until somebody turns it on.
import { signal } from "../vendor/signals.js";

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

let context = null;
let wave = null;
let last = { priority: null, at: -Infinity };

export async function toggleSound() {
  if (soundOn.value) {
    soundOn.value = false;
    await context.suspend();
    return;
  }
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
