// Who is at the bed: take over, hand over, be there as well, leave.
import { clock } from "../format.js";
import { html } from "../html.js";
import { who } from "../state/who.js";
import { Field, OneOf } from "./choice.js";
import { Sheet } from "./sheet.js";
import { useWork } from "./work.js";

const HAND_OVER = ["hand-over", "hand over"];
const TAKE_OVER = ["take-over", "take over"];
const JOIN = ["join", "be there as well"];
const LEAVE = ["leave", "leave"];
// What each can do, by the role in which they are there; the first unless another is touched,
// except for the nurse assigned.
const POSSIBLE = { assigned: [HAND_OVER, LEAVE], present: [TAKE_OVER, LEAVE], none: [TAKE_OVER, JOIN] };

// Who is at the bed now, the assigned nurse first.
export const there = ({ attendance }) =>
  attendance.filter(({ to }) => to === null).toSorted((a, b) => a.role.localeCompare(b.role));

const roleOf = (session, name) => there(session).find(({ by }) => by === name)?.role ?? "none";

export function NurseSheet({ bed, session }) {
  const work = useWork(bed, session, "nurse", { action: null, to: "" });
  const { values, field } = work;
  const role = roleOf(session, who.value);
  const possible = POSSIBLE[role];
  const usual = role === "assigned" ? null : TAKE_OVER[0];
  const action = possible.some(([one]) => one === values.action) ? values.action : usual;
  const to = values.to.trim();
  const { name, words } = sayings(to, role)[action] ?? {};
  const lacks = {
    null: "Touch whether you hand over or leave",
    "hand-over": !to && "Hand over: to whom?",
  };
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Who is at the bed"
      about=${aboutOf(session)}
      name=${name}
      waits=${lacks[action]}
      act=${() =>
        work.send({
          path: `sessions/${session.id}/assignment`,
          body: { action, ...(action === "hand-over" ? { to } : {}) },
          words,
          timed: false,
        })}
      again=${false}
      undo=${{ name: "Change it", act: work.drop }}
    >
      <${There} session=${session} />
      <${OneOf}
        legend="What"
        name="action"
        options=${possible}
        ...${field("action")}
        value=${action}
      />
      ${
        action === "hand-over" &&
        html`<${Field} label="To whom" maxlength="64" ...${field("to")} />`
      }
      <p class="muted">
        Until somebody takes over, who has watched still does. Whoever is there as well is not
        assigned: their minutes are counted.
      </p>
    <//>
  `;
}

const sayings = (to, role) => ({
  "take-over": { name: "Take over the bed", words: "you watch this bed" },
  "hand-over": { name: `Hand over to ${to}`, words: `offered to ${to}, who takes over` },
  join: { name: "Be there as well", words: "you are at this bed as well" },
  leave:
    role === "present"
      ? { name: "Leave the bed", words: "you have left this bed" }
      : { name: "Leave the bed: nobody watches", words: "nobody watches this bed" },
});

function There({ session }) {
  const people = there(session);
  if (!people.length) return null;
  return html`
    <ul class="there" aria-label="At the bed">
      ${people.map(
        ({ by, role, from }) => html`
          <li key=${by}>
            <b>${by}</b> <span class="muted">${WORDS[role]}, since ${clock(from)}</span>
          </li>
        `,
      )}
    </ul>
  `;
}

const WORDS = { assigned: "watches", present: "is there as well" };

function aboutOf({ nurse, handing_to: offered }) {
  if (!nurse) return "Nobody watches this bed.";
  return offered ? `${nurse} watches, and offers the bed to ${offered}.` : `${nurse} watches.`;
}
