// Who is signed in at this station, and when it locks. While there are no users anybody acts under
// the name that `who` remembers. A lock holds for all pages of the browser, and loses nothing typed.
import { computed, signal } from "../vendor/signals.js";
import * as api from "./api.js";
import { onOpened, openStream } from "./stream.js";
import { who } from "./who.js";

const TOUCHED = "postdose.touched";
const CHANGED = "postdose.access";
const LOOK_MS = 2000;

// As the daemon says it; null until it has.
export const access = signal(null);
export const needsSignIn = computed(() => access.value?.sign_in === "needed");
export const signedIn = computed(() => access.value?.person ?? null);
// Nobody is signed in: the station shows the ward, or, where it is unknown, the alarms alone.
const isNobody = computed(() => needsSignIn.value && !signedIn.value);
export const isLocked = computed(() => isNobody.value && access.value.station);
export const isOut = computed(() => isNobody.value && !access.value.station);
// Whether "Who is here?" is open.
export const asking = signal(false);
export const ask = () => (asking.value = true);

function take(found) {
  access.value = found;
  if (found.sign_in === "needed") who.value = found.person?.name ?? "";
}

export async function loadAccess() {
  try {
    take(await api.getAccess());
  } catch (error) {
    console.warn(`access: ${error.message}`);
  }
}
api.onSignedOut(loadAccess);
onOpened(loadAccess);

const tellOthers = () => localStorage.setItem(CHANGED, Date.now());
addEventListener("storage", ({ key }) => key === CHANGED && loadAccess());

async function enter(how) {
  const wasOut = isOut.peek();
  const found = await how;
  unsent = false;
  touch();
  take(found);
  asking.value = false;
  tellOthers();
  if (wasOut) openStream();
}
export const signIn = (name, password) => enter(api.signIn(name, password));
export const unlock = (name, pin) => enter(api.unlock(name, pin));

// Locked at once, and at the daemon as soon as it answers.
let unsent = false;
let sending = false;

export function lock() {
  if (!signedIn.peek()) return;
  access.value = { ...access.value, person: null };
  who.value = "";
  unsent = true;
  sendLock();
}

async function sendLock() {
  if (sending) return;
  sending = true;
  try {
    const found = await api.lock();
    if (unsent) take(found);
    unsent = false;
    tellOthers();
  } catch (error) {
    console.warn(`lock: ${error.message}`);
  } finally {
    sending = false;
  }
}

let touchedAt = 0;

function touch() {
  const at = Date.now();
  if (Math.abs(at - touchedAt) < 1000) return;
  touchedAt = at;
  localStorage.setItem(TOUCHED, at);
}
for (const kind of ["pointerdown", "keydown", "wheel"])
  addEventListener(kind, () => signedIn.peek() && touch(), { capture: true, passive: true });

// To be called about once a second.
export function lockIdle() {
  const rested = Date.now() - Number(localStorage.getItem(TOUCHED) ?? 0);
  if (signedIn.peek() && rested > 1000 * access.peek().lock_after_s) lock();
  else if (unsent) sendLock();
}

// {alarms, problem}: what is open, where nobody has signed in; fetched every two seconds.
export const brief = signal({ alarms: [], problem: null });
let lookedAt = -Infinity;

export async function lookIn() {
  if (!isOut.peek() || performance.now() - lookedAt < LOOK_MS) return;
  lookedAt = performance.now();
  try {
    brief.value = { alarms: await api.getAlarmsInBrief(), problem: null };
  } catch ({ message }) {
    brief.value = { ...brief.value, problem: message };
  }
}
