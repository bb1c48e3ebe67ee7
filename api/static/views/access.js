// Who is here: signing in, opening the locked station, and the alarms where nobody has signed in.
import { useLayoutEffect, useRef, useState } from "../vendor/preact-hooks.js";
import { clock } from "../format.js";
import { html } from "../html.js";
import { alarmWord, byUrgency } from "../state/alarm.js";
import {
  access,
  ask,
  asking,
  brief,
  isLocked,
  lock,
  signIn,
  signedIn,
  unlock,
} from "../state/access.js";
import { isKiosk } from "../state/wall.js";
import { Sound } from "./sound.js";

// In the header: who is signed in, and the way out.
export function Person() {
  const person = signedIn.value;
  if (!person) return null;
  return html`
    <button class="plain" onClick=${lock}>${person.name}<span class="hidden">, ${person.role}</span> · lock</button>
  `;
}

// Below the page, which stays as it is.
export function LockBar() {
  if (!isLocked.value || isKiosk) return null;
  return html`
    <aside class="lock-bar" aria-label="Locked">
      <p>Locked. Alarms can be seen, not answered.</p>
      <button class="main" onClick=${ask}>Who is here?</button>
    </aside>
  `;
}

export const AskWho = () => html`<button type="button" class="main" onClick=${ask}>Who is here?</button>`;

export const WhoDialog = () => (asking.value ? html`<${Who} />` : null);

function Who() {
  const dialog = useRef(null);
  const { people } = access.value;
  const [name, choose] = useState(people[0] ?? null);
  useLayoutEffect(() => dialog.current.showModal(), []);
  return html`
    <dialog
      ref=${dialog}
      class="who"
      aria-labelledby="who-title"
      onClose=${() => (asking.value = false)}
    >
      <header>
        <h2 id="who-title">Who is here?</h2>
        <button class="plain" onClick=${() => dialog.current.close()}>Close</button>
      </header>
      <div class="who-body">
        ${
          people.length > 0 &&
          html`
            <div class="people">
              ${[...people, null].map(
                (one) => html`
                  <button key=${one} aria-pressed=${one === name} onClick=${() => choose(one)}>
                    ${one ?? "Someone else"}
                  </button>
                `,
              )}
            </div>
          `
        }
        ${name ? html`<${Pin} key=${name} name=${name} />` : html`<${Password} />`}
        <p class="told">
          Locks by itself after two minutes without a touch. The first time at a station: name and
          password.
        </p>
      </div>
    </dialog>
  `;
}

// What a form sends, and what became of that.
function useEntry(enter) {
  const [{ sending, problem }, put] = useState({ sending: false, problem: null });
  const send = async (event) => {
    event.preventDefault();
    put({ sending: true, problem: null });
    try {
      await enter();
    } catch (error) {
      put({ sending: false, problem: error.detail });
    }
  };
  return { send, sending, problem };
}

const Failure = ({ problem }) => problem && html`<p class="failure" role="alert">${problem}</p>`;

function Pin({ name }) {
  const [pin, type] = useState("");
  const field = useRef(null);
  const { send, sending, problem } = useEntry(async () => {
    type("");
    await unlock(name, pin);
  });
  useLayoutEffect(() => field.current.focus(), []);
  const key = (digit) => html`
    <button key=${digit} type="button" onClick=${() => type((pin + digit).slice(0, 8))}>
      ${digit}
    </button>
  `;
  return html`
    <form class="pin" onSubmit=${send}>
      <label>
        PIN of ${name}
        <input
          ref=${field}
          type="password"
          inputmode="numeric"
          autocomplete="off"
          maxlength="8"
          value=${pin}
          onInput=${(event) => type(event.target.value)}
        />
      </label>
      <div class="keypad">
        ${[1, 2, 3, 4, 5, 6, 7, 8, 9].map(key)}
        <button type="button" aria-label="Erase" onClick=${() => type(pin.slice(0, -1))}>⌫</button>
        ${key(0)}
        <button class="main" disabled=${sending || pin.length < 4}>Open</button>
      </div>
      <${Failure} problem=${problem} />
    </form>
  `;
}

function Password() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const { send, sending, problem } = useEntry(() => signIn(name, password));
  return html`
    <form onSubmit=${send}>
      <label>
        Name
        <input
          required
          maxlength="64"
          autocomplete="username"
          value=${name}
          onInput=${(event) => setName(event.target.value)}
        />
      </label>
      <label>
        Password
        <input
          required
          type="password"
          maxlength="200"
          autocomplete="current-password"
          value=${password}
          onInput=${(event) => setPassword(event.target.value)}
        />
      </label>
      <${Failure} problem=${problem} />
      <button class="main" disabled=${sending}>${sending ? "Signing in …" : "Sign in"}</button>
    </form>
  `;
}

// Where nobody has signed in yet: the alarms, without a word of any patient, and the way in.
export function SignIn() {
  const { alarms, problem } = brief.value;
  return html`
    <main class="first sign-in">
      <h1>Postdose</h1>
      <section aria-labelledby="brief-title">
        <h2 id="brief-title">${alarms.length ? "Alarms now" : "No alarm is open"}</h2>
        <${Sound} />
        ${
          problem &&
          html`<p class="failure" role="alert">NOT LIVE: ${problem}. Look at the patients.</p>`
        }
        <ul class="alarms">
          ${alarms.toSorted(byUrgency).map(
            (alarm) => html`
              <li key=${alarm.id} class="entry ${alarm.priority}">
                <p>
                  <span class="badge">${alarmWord(alarm)}</span><b>${alarm.bed}: ${alarm.text}</b>
                </p>
                <p class="muted">
                  since ${clock(alarm.raised_at)}${alarm.acknowledged ? ", acknowledged" : ""}
                </p>
              </li>
            `,
          )}
        </ul>
      </section>
      <section aria-labelledby="in-title">
        <h2 id="in-title">Sign in to see the ward</h2>
        <${Password} />
      </section>
    </main>
  `;
}
