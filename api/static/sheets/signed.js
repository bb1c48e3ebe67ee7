// A form by which a named person does something. A refusal is shown and nothing typed is lost.
import { useEffect, useRef, useState } from "../vendor/preact-hooks.js";
import { needsSignIn } from "../state/access.js";
import { now } from "../state/clock.js";
import { clock } from "../format.js";
import { html } from "../html.js";
import { AskWho } from "../views/access.js";
import { remember, who as remembered } from "../state/who.js";

// `name` is on the button, `failed` says what did not happen; `act(who, note)` does it, `done` gets
// what that answers. Without `noted` there is no note.
export function SignedForm({ name, failed, act, done, noted }) {
  const [who, setWho] = useState(remembered.value);
  const [note, setNote] = useState("");
  const [failure, setFailure] = useState(null);
  const [sending, setSending] = useState(false);
  const field = useRef(null);
  const button = useRef(null);
  const by = needsSignIn.value ? remembered.value : who;
  const isLocked = needsSignIn.value && !by;
  useEffect(() => (by ? button : field).current?.focus(), [isLocked]);
  const send = async (event) => {
    event.preventDefault();
    if (isLocked) return;
    setSending(true);
    setFailure(null);
    try {
      const answer = await act(by.trim(), note.trim() || null);
      if (!needsSignIn.value) remember(who);
      done(answer);
    } catch (error) {
      setFailure(`${failed} at ${clock(now.value)}: ${error.message}.`);
      setSending(false);
    }
  };
  return html`
    <form onSubmit=${send}>
      ${
        needsSignIn.value
          ? by && html`<p class="muted who-acts">by <b>${by}</b></p>`
          : html`
            <label>
              Who
              <input
                ref=${field}
                required
                pattern=".*\\S.*"
                maxlength="80"
                autocomplete="username"
                value=${who}
                onInput=${(event) => setWho(event.target.value)}
              />
            </label>
          `
      }
      ${
        noted &&
        html`
        <label>
          Note (optional)
          <input maxlength="500" value=${note} onInput=${(event) => setNote(event.target.value)} />
        </label>
      `
      }
      ${failure && html`<p class="failure" role="alert">${failure}</p>`}
      ${
        isLocked
          ? html`<${AskWho} />`
          : html`
            <button ref=${button} class="main" disabled=${sending}>
              ${sending ? "Sending …" : name}
            </button>
          `
      }
    </form>
  `;
}
