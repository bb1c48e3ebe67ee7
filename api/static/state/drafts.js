// What is typed in a sheet and not stored yet. It outlasts the sheet and a reload of the page, and
// belongs to one session: what was typed for one patient is never shown for the next.
import { serverNow } from "./clock.js";
import { kept } from "./kept.js";

// By name: {values, sent, at}. `sent` is the key of the intention that it became, `at` when it was
// last changed (server's ms).
const drafts = kept("postdose.drafts", {});

export const draftOf = (name) => drafts.value[name] ?? {};

export function changeDraft(name, change) {
  const next = { ...draftOf(name), ...change, at: serverNow() };
  drafts.value = { ...drafts.value, [name]: next };
}

export function dropDraft(name) {
  if (!(name in drafts.peek())) return;
  const { [name]: _, ...others } = drafts.value;
  drafts.value = others;
}
