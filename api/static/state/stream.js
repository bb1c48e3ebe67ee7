// The live stream: opens it, notices when it is lost or silent, opens it again. The page is
// live only while the stream is open, everything was fetched after it opened, and the last
// word was heard less than 15 s ago.
import { computed, effect, signal } from "../vendor/signals.js";
import { place } from "./address.js";
import { serverNow } from "./clock.js";
import { takeStory } from "./events.js";
import { openSource } from "./source.js";
import {
  beds,
  loadWard,
  reloadBed,
  status,
  takeAlarm,
  takeAudio,
  takeStatus,
  takeVitals,
} from "./ward.js";
import { forgetWave, takeWave } from "./wave.js";

// What else is to be fetched when the stream has opened, or was refused.
let alsoOpened = () => {};
export const onOpened = (how) => {
  alsoOpened = how;
};

const SILENT_MS = 15_000;
const RETRY_MS = [500, 1000, 2000, 5000];

// `up`: whether what is shown is live; `since`: from when it is or is not (server's ms, or null
// when nothing was ever heard); `problem`: why the last attempt failed.
export const link = signal({ up: false, since: null, problem: null });
// What the daemon calls the stream that this page hears.
export const streamName = signal(null);

let source = null;
let heard = { wall: Date.now(), mono: performance.now() };
let failures = 0;
let retry = null;

export function openStream() {
  clearTimeout(retry);
  retry = null;
  source?.close();
  const opened = openSource(watched());
  source = opened;
  hear();
  opened.addEventListener("open", ({ data }) => {
    streamName.value = data;
    catchUp(opened);
  });
  opened.addEventListener("error", () => opened === source && lose("the daemon does not answer"));
  const on = (name, take) =>
    opened.addEventListener(name, (event) => {
      hear();
      take(JSON.parse(event.data));
    });
  on("status", takeStatus);
  on("vitals", takeVitals);
  on("alarm", takeEvent);
  on("session", takeEvent);
  on("device", takeEvent);
  on("waveform", takeWaves);
}

// Waves are asked for of the bed whose page is looked at.
const watched = () => (document.hidden ? null : place.peek().bed);

const looked = computed(() => place.value.bed);
effect(() => {
  looked.value;
  forgetWave();
  source?.watch(watched());
});
document.addEventListener("visibilitychange", () => source?.watch(watched()));

function takeWaves(sent) {
  const bed = beds.peek()?.find(({ id }) => id === sent.bed);
  takeWave(sent, place.peek().bed, bed?.vitals.spo2?.device);
}

function takeEvent(event) {
  if (event.payload.alarm) takeAlarm(event.payload.alarm);
  if (event.type?.startsWith("alarm.audio-")) takeAudio(event.bed, event.payload);
  takeStory(event);
  reloadBed(event.bed);
}

async function catchUp(opened) {
  hear();
  alsoOpened();
  try {
    await loadWard();
    if (opened !== source) return;
    failures = 0;
    link.value = { up: true, since: serverNow(), problem: null };
  } catch (error) {
    if (opened === source) lose(error.message);
  }
}

function hear() {
  heard = { wall: Date.now(), mono: performance.now() };
}

// A machine that slept stops one clock and not the other: the longer silence counts.
function silentFor() {
  return Math.max(Date.now() - heard.wall, performance.now() - heard.mono);
}

function lose(problem) {
  source?.close();
  source = null;
  const since = link.value.up ? lastHeard() : link.value.since;
  link.value = { up: false, since, problem };
  if (retry) return;
  retry = setTimeout(openStream, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
  failures += 1;
}

const lastHeard = () => serverNow() - silentFor() * (status.value?.speed ?? 1);

// A page that the browser has kept and shows again left the stream meanwhile.
addEventListener("pageshow", ({ persisted }) => persisted && openStream());

// To be called at least once a second.
export function watchSilence() {
  if (source && silentFor() > SILENT_MS) lose("the stream went silent");
}
