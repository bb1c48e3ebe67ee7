// The infusion: start, pause, resume, end. Starting and resuming wait for the criteria; pausing and
// ending never do.
import { clock, rough } from "../format.js";
import { html } from "../html.js";
import { now } from "../state/clock.js";
import { openGate } from "../state/task.js";
import { Field, OneOf, Text, TimeField, Toggle } from "./choice.js";
import { Gate, waitsFor } from "./gate.js";
import { lackOf, momentOf } from "./moment.js";
import { Sheet, missing } from "./sheet.js";
import { useWork } from "./work.js";

const ACTIONS = {
  start: { name: "Start the infusion", done: "infusion started", gives: true },
  pause: { name: "Pause the infusion", done: "infusion paused" },
  resume: { name: "Resume the infusion", done: "infusion resumed", gives: true },
  end: { name: "End the infusion", done: "infusion ended" },
};
const POSSIBLE = {
  "not started": ["start"],
  running: ["pause", "end"],
  paused: ["resume", "end"],
  ended: [],
};

function stateOf({ infusion }) {
  if (!infusion) return "not started";
  if (infusion.ended_at) return "ended";
  return infusion.running ? "running" : "paused";
}

const BLANK = { action: null, lot: "", reason: "", given: false, at: "" };

export function InfusionSheet({ bed, session, regimen }) {
  const state = stateOf(session);
  const work = useWork(bed, session, "dose", BLANK);
  const { field } = work;
  const possible = POSSIBLE[state];
  const chosen = possible.find((one) => one === work.values.action);
  const action = possible.length === 1 ? possible[0] : chosen;
  const { name, done, gives } = ACTIONS[action] ?? {};
  const values = meant(work.values, gives);
  const open = gives ? openGate(session) : [];
  const at = momentOf(values.at, now.value);
  const lacks = [
    lackOf(values.at, at),
    values.given && open.length > 0 && !values.reason.trim() && "why it was given",
  ];
  const waits = !action
    ? possible.length
      ? `${ACTIONS[possible[0]].name}, or end it: touch which`
      : "The infusion has ended"
    : values.given
      ? missing("Store", lacks)
      : waitsFor(name, open);
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Infusion"
      about=${aboutOf(session, regimen, state)}
      name=${values.given ? `Record: ${done}` : name}
      waits=${waits}
      act=${() => work.send(sent(session, values, action, done, at))}
      again=${false}
      aside=${
        gives &&
        html`<${Toggle} ...${field("given")}>${values.given ? "Not yet" : "Done already …"}<//>`
      }
    >
      ${
        possible.length > 1 &&
        html`
          <${OneOf}
            legend="What"
            name="action"
            options=${possible.map((one) => [one, ACTIONS[one].name])}
            ...${field("action")}
            value=${action ?? null}
          />
        `
      }
      ${gives && html`<${Gate} bed=${bed} criteria=${session.gate} scope="dose" />`}
      ${
        !session.infusion?.lot &&
        html`<${Field} label="Lot number" maxlength="100" autocomplete="off" ...${field("lot")} />`
      }
      ${values.given && html`<${TimeField} ...${field("at")} />`}
      ${
        (values.given || (action && !gives)) &&
        html`
          <${Text}
            label=${gives ? "Why it was given all the same" : "Why (optional)"}
            ...${field("reason")}
          />
        `
      }
    <//>
  `;
}

// What was typed as done already is not meant once it is not, or where it cannot be.
function meant(values, gives) {
  if (gives && values.given) return values;
  return { ...values, given: false, at: "", reason: gives ? "" : values.reason };
}

function sent(session, { lot, reason, given }, action, words, at) {
  const why = reason.trim();
  return {
    path: `sessions/${session.id}/infusion`,
    body: {
      action,
      ...(lot.trim() ? { lot: lot.trim() } : {}),
      ...(given ? { given: true } : {}),
      ...(why && given ? { deviation: { reason: why } } : {}),
      ...(why && !given ? { reason: why } : {}),
    },
    words,
    at,
  };
}

function aboutOf({ title, planned_mg: planned, infusion }, regimen, state) {
  const dose = planned === null ? "" : `, ${Math.round(planned * 10) / 10} mg`;
  if (!infusion) return `${title}${dose} over ${regimen.infusion_min} min: not started.`;
  const since = Date.parse(infusion.started_at);
  return `${title}${dose}: ${state}, begun at ${clock(since)}, ${rough(now.value - since)} ago.`;
}
