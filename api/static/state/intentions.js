// What people asked to be stored, until the daemon has answered. Each is sent under a key of its
// own, so that it is done once however often it has to be sent; it is kept over a lost connection
// and a reload, and what is to follow waits for it.
import { Refused, Unanswered, command } from "./api.js";
import { kept } from "./kept.js";
import { newKey } from "./key.js";
import { takeAnswer } from "./ward.js";

const AGAIN_MS = 3000;

// {key, path, body, words, bed, known, pressed, momentary, state, problem, fields, answer}: `words`
// says what it is, `known` are the ids of the records there were, `pressed` when it was asked for
// (server's ms); what is `momentary` is not sent later. `state` is sending, unsent, refused or
// stored, `answer` what the daemon said, `fields` which it refused.
export const intentions = kept("postdose.intentions", [], (all) =>
  all.filter((one) => one.state !== "stored"),
);

const notSent = (one, problem) => ({
  ...one,
  state: one.momentary ? "refused" : "unsent",
  problem,
});
const noneSent = (problem) => {
  intentions.value = intentions.value.map((one) =>
    one.state === "sending" ? notSent(one, problem) : one,
  );
};
noneSent("the page was loaded anew");

export const intentionOf = (key) => intentions.value.find((one) => one.key === key) ?? null;

// Those that could not be sent or were refused.
export const unstored = () =>
  intentions.value.filter(({ state }) => state === "unsent" || state === "refused");

// Sends it, at once or after those before it; gives its key.
export function intend(what) {
  const key = newKey();
  intentions.value = [...intentions.value, { ...what, key, state: "sending" }];
  sendAll();
  return key;
}

export function forget(key) {
  intentions.value = intentions.value.filter((one) => one.key !== key);
}

const change = (key, how) => {
  intentions.value = intentions.value.map((one) => (one.key === key ? { ...one, ...how } : one));
};

let sending = false;
let triedAt = -Infinity;

async function sendAll() {
  if (sending) return;
  sending = true;
  triedAt = performance.now();
  try {
    for (let one = waiting(); one; one = waiting()) if (!(await send(one))) break;
  } finally {
    sending = false;
  }
}

const waiting = () => intentions.peek().find((one) => ["sending", "unsent"].includes(one.state));

// Whether the daemon answered. What it refuses is refused for good: the world has changed.
async function send({ key, path, body }) {
  try {
    const answer = await command(path, body, key);
    takeAnswer(answer);
    change(key, { state: "stored", answer, problem: null });
  } catch (error) {
    if (error instanceof Unanswered) {
      noneSent(error.message);
      return false;
    }
    const { detail: problem, fields } = error instanceof Refused ? error : { detail: `${error}` };
    change(key, { state: "refused", problem, fields });
  }
  return true;
}

// To be called once a second: what could not be sent is sent again.
export function sendAgain() {
  if (waiting() && performance.now() - triedAt > AGAIN_MS) sendAll();
}
