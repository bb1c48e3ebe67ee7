// Who watches the bed: take over, hand over, leave.
import { html } from "../html.js";
import { who } from "../state/who.js";
import { Field, OneOf } from "./choice.js";
import { Sheet } from "./sheet.js";
import { useWork } from "./work.js";

export function NurseSheet({ bed, session }) {
  const work = useWork(bed, session, "nurse", { action: null, to: "" });
  const { values, change } = work;
  const { nurse, handing_to: offered } = session;
  const watches = nurse !== null && nurse === who.value;
  const action = watches ? values.action : "take-over";
  const to = values.to.trim();
  const names = {
    "take-over": "Take over the bed",
    "hand-over": `Hand over to ${to}`,
    leave: "Leave the bed: nobody watches",
  };
  const words = {
    "take-over": "you watch this bed",
    "hand-over": `offered to ${to}, who takes over`,
    leave: "nobody watches this bed",
  };
  const lacks = {
    null: "Touch whether you hand over or leave",
    "hand-over": !to && "Hand over: to whom?",
  };
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Who watches"
      about=${aboutOf(nurse, offered)}
      name=${names[action]}
      waits=${lacks[action]}
      act=${() =>
        work.send({
          path: `sessions/${session.id}/assignment`,
          body: { action, ...(action === "hand-over" ? { to } : {}) },
          words: words[action],
          timed: false,
        })}
      again=${false}
      undo=${{ name: "Change it", act: work.drop }}
    >
      ${
        watches &&
        html`
          <${OneOf}
            legend="What"
            name="action"
            options=${[
              ["hand-over", "hand over"],
              ["leave", "leave"],
            ]}
            value=${values.action}
            onChange=${(choice) => change({ action: choice })}
          />
        `
      }
      ${
        action === "hand-over" &&
        html`
          <${Field}
            label="To whom"
            maxlength="64"
            value=${values.to}
            onChange=${(name) => change({ to: name })}
          />
        `
      }
      <p class="muted">Until somebody takes over, who has watched still does.</p>
    <//>
  `;
}

function aboutOf(nurse, offered) {
  if (!nurse) return "Nobody watches this bed.";
  return offered ? `${nurse} watches, and offers the bed to ${offered}.` : `${nurse} watches.`;
}
