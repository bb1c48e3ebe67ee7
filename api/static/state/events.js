// Everything that was stored of the session that is looked at: fetched once, then followed.
import { signal } from "../vendor/signals.js";
import { getEvents } from "./api.js";

const PAGE = 500;

// {session, items, problem}: the events in order, and why not all of them are there.
export const story = signal({ session: null, items: [], problem: null });

function add(session, items) {
  const { items: known } = story.value;
  const last = known.at(-1)?.seq ?? 0;
  story.value = { session, items: [...known, ...items.filter(({ seq }) => seq > last)], problem: null };
}

// Fetches what is not known yet. What the stream tells meanwhile waits for it, so that none is left out.
let waiting = null;

export async function loadStory(session) {
  if (story.value.session !== session) story.value = { session, items: [], problem: null };
  const mine = [];
  waiting = mine;
  try {
    for (let page = null; !page || page.length === PAGE; ) {
      page = await getEvents(session, story.value.items.at(-1)?.seq ?? 0, PAGE);
      if (waiting !== mine) return;
      add(session, page);
    }
    add(session, mine);
  } catch (error) {
    if (waiting === mine) story.value = { ...story.value, problem: error.message };
  }
  if (waiting === mine) waiting = null;
}

// An event from the stream; one that is not stored yet comes again.
export function takeStory(event) {
  if (!event.seq || event.session !== story.value.session) return;
  if (waiting) waiting.push(event);
  else add(event.session, [event]);
}
