// What a person is doing in one sheet: what is typed, and what became of it when it was sent.
import { useState } from "../vendor/preact-hooks.js";
import { serverNow } from "../state/clock.js";
import { changeDraft, draftOf, dropDraft } from "../state/drafts.js";
import { forget, intend, intentionOf } from "../state/intentions.js";
import { recordIds, recordsOf } from "../state/records.js";
import { who } from "../state/who.js";

const instant = (ms) => new Date(ms).toISOString();

// `blank` is what stands there before anybody typed; `of` is the session that it belongs to, or
// null before there is one. With `record`, the id of one, that is put right: `typed` gives what it
// would have been typed as.
export function useWork(bed, of, sheet, blank, { record = null, typed } = {}) {
  const name = [bed.id, of?.id ?? "free", sheet, record].filter(Boolean).join(" ");
  useState(() => forgetStored(name));
  const draft = draftOf(name);
  const sent = draft.sent ? intentionOf(draft.sent) : null;
  const corrects = (record && recordsOf(of).find((one) => one.record.id === record)?.record) ?? null;
  const values = { ...blank, ...(corrects && typed?.(corrects)), ...draft.values };
  const change = (part) => changeDraft(name, { values: { ...draft.values, ...part } });
  const drop = () => {
    if (sent) forget(sent.key);
    dropDraft(name);
  };
  return {
    of,
    values,
    typedAt: draft.values ? draft.at : null,
    corrects,
    // Somebody else has put it right, or withdrawn it.
    gone: record !== null && corrects === null && sent === null,
    sent,
    busy: sent?.state === "sending",
    change,
    // What an answer needs to show and to change one of the values.
    field: (of) => ({ value: values[of], onChange: (value) => change({ [of]: value }) }),
    drop,
    // What could not be sent is not to be; what was typed stays.
    withdraw: () => {
      forget(sent.key);
      changeDraft(name, { sent: null });
    },
    // `timed` is what is of a moment: `moment` (ms) where one was typed, else that of the press,
    // however late it arrives. What is `momentary` is asked for now or not at all.
    send: ({ path, body, words, timed = true, at: moment = null, momentary = false }) => {
      if (sent) forget(sent.key);
      const at = timed ? { at: timeOf(corrects, moment) } : {};
      const instead = corrects && typed ? { corrects: corrects.id } : {};
      const key = intend({
        path,
        body: { ...body, by: who.value, ...at, ...instead },
        words,
        bed: bed.id,
        pressed: serverNow(),
        momentary,
        known: of ? recordIds(of) : [],
      });
      changeDraft(name, { sent: key });
    },
  };
}

// A typed time is of a minute: within the one of the record that is corrected nothing has moved.
function timeOf(corrects, moment) {
  if (moment === null) return corrects?.at ?? instant(serverNow());
  const was = corrects ? Date.parse(corrects.at) : NaN;
  return was >= moment && was < moment + 60_000 ? corrects.at : instant(moment);
}

// What was stored from this sheet when it was last open is no draft any more; nor is what was
// sent before the page was loaded anew and stored since.
function forgetStored(name) {
  const { sent } = draftOf(name);
  const intention = sent && intentionOf(sent);
  if (!sent || (intention && intention.state !== "stored")) return;
  forget(sent);
  dropDraft(name);
}

// The record that a stored intention made, of the kind that `sheet` corrects; undefined for none.
// While it was on its way others, and the cuff, may have put more on record.
export function madeBy({ answer, known, body }, sheet) {
  if (!answer?.criteria) return undefined;
  const by = body.by.normalize();
  const isNew = (one) => one.sheet === sheet && one.record.by === by && !known.includes(one.record.id);
  return recordsOf(answer).find(isNew)?.record;
}
