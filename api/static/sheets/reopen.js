// The end of a session, taken back from the sheet that it was ended in.
import { closeSheet } from "../state/address.js";
import { now, serverNow } from "../state/clock.js";
import { intend } from "../state/intentions.js";
import { who } from "../state/who.js";

const WITHIN_MS = 60_000;

// What to do about an end that was stored, while that can be done; null for none.
export function undoEnd(bed, session, { sent, drop }) {
  if (sent?.state !== "stored" || !who.value || now.value - sent.pressed > WITHIN_MS) return null;
  return {
    name: "Undo: the session goes on",
    act: () => {
      intend({
        path: `sessions/${session.id}/reopen`,
        body: { by: who.value },
        words: "the end taken back",
        bed: bed.id,
        pressed: serverNow(),
        momentary: true,
      });
      drop();
      closeSheet();
    },
  };
}
