// The frame of every sheet. It opens beside the bed's page, never over the alarm strip, keeps the
// focus, and closes on Escape with nothing lost. One main button at its bottom says what it will
// do; what cannot be done says in its place what it waits for; what was done is said at once.
import { useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact-hooks.js";
import { closeSheet, openSheet } from "../state/address.js";
import { ask, needsSignIn } from "../state/access.js";
import { now } from "../state/clock.js";
import { bedWords, capital, clock, rough } from "../format.js";
import { html } from "../html.js";
import { taskOf } from "../state/task.js";
import { remember, who } from "../state/who.js";
import { AskWho } from "../views/access.js";
import { madeBy } from "./work.js";

const FOCUSABLE = "button, input, textarea, select, a[href], [tabindex='0']";
const OLD_MS = 5 * 60_000;

// `name` is on the main button and `act` does it, unless `waits` says what that waits for; `aside`
// stands beside it. `sheet` is the sheet that records and corrects of this kind have; `undo`,
// {name, act}, is what to do about what is no record, and `goes`, the same, where it leads.
export function Sheet(props) {
  const { bed, work, title, about, wide, children } = props;
  const sheet = useRef(null);
  useFocusKept(sheet, title, isOver(work));
  return html`
    <section
      ref=${sheet}
      class="sheet ${wide ? "wide" : ""}"
      role="dialog"
      aria-labelledby="sheet-title"
      tabindex="-1"
    >
      <header>
        <h2 id="sheet-title">${title}</h2>
        <p class="muted">
          ${work.of?.patient ?? "no patient"} · ${bedWords(bed)}
        </p>
        <button class="plain" onClick=${closeSheet}>Close</button>
      </header>
      ${
        isOver(work)
          ? html`<${Outcome} ...${props} />`
          : html`
            <form onSubmit=${(event) => submit(event, props)} novalidate>
              <div class="sheet-body">
                ${about && html`<p class="muted">${about}</p>`}
                <${Typed} work=${work} />
                ${children}
              </div>
              <${Foot} ...${props} />
            </form>
          `
      }
    </section>
  `;
}

// What `waits` says while something is to be given; of `lacks` only what is a text.
export function missing(what, lacks) {
  const named = lacks.filter(Boolean);
  return named.length > 0 && `${what}: ${named.join(", ")} missing`;
}

const isOver = ({ sent }) => sent?.state === "stored" || sent?.state === "unsent";

function submit(event, { work, act, waits }) {
  event.preventDefault();
  if (!waits && !work.gone && !work.busy && who.value) act();
}

// What was begun a while ago may not be so any more.
function Typed({ work }) {
  const old = work.typedAt && now.value - work.typedAt > OLD_MS;
  if (!old || work.sent) return null;
  return html`
    <p class="told">
      Begun ${rough(now.value - work.typedAt)} ago.
      <button type="button" class="text" onClick=${work.drop}>Begin anew</button>
    </p>
  `;
}

function Foot({ bed, work, sheet, name, waits, aside }) {
  const gone = work.gone && "This record has been corrected or retracted";
  const isLocked = needsSignIn.value && !who.value;
  const lack = gone || waits || (who.value || isLocked ? null : `${name}: say who you are`);
  return html`
    <footer>
      ${
        work.sent?.state === "refused" &&
        html`<p class="failure" role="alert">Not stored: ${work.sent.problem}</p>`
      }
      ${
        work.corrects &&
        sheet &&
        html`
          <p class="told">
            In place of what was stored for ${clock(work.corrects.at)}.
            <button
              type="button"
              class="text"
              onClick=${() => {
                work.drop();
                openSheet(bed.id, "record", work.corrects.id);
              }}
            >
              Leave it, or retract it
            </button>
          </p>
        `
      }
      <${Who} />
      <div class="sheet-buttons">
        ${aside}
        ${lack && html`<p class="waits" role="status">${lack}</p>`}
        ${!lack && isLocked && html`<${AskWho} />`}
        ${
          !lack &&
          !isLocked &&
          html`
            <button class="main" aria-disabled=${work.busy}>
              ${work.busy ? "Sending …" : name}
            </button>
          `
        }
      </div>
    </footer>
  `;
}

const Who = () => (needsSignIn.value ? html`<${SignedIn} />` : html`<${Named} />`);

const SignedIn = () =>
  who.value &&
  html`
    <p class="muted who-acts">
      by <b>${who.value}</b>
      <button type="button" class="text" onClick=${ask}>Somebody else</button>
    </p>
  `;

function Named() {
  const [asking, ask] = useState(!who.value);
  const [name, setName] = useState(who.value);
  if (!asking) {
    return html`
      <p class="muted who-acts">
        by <b>${who.value}</b>
        <button type="button" class="text" onClick=${() => ask(true)}>Somebody else</button>
      </p>
    `;
  }
  return html`
    <label>
      Who
      <input
        maxlength="64"
        autocomplete="username"
        value=${name}
        onInput=${(event) => {
          setName(event.target.value);
          remember(event.target.value);
        }}
        onBlur=${() => who.value && ask(false)}
      />
    </label>
  `;
}

// What became of it, with what can be done about that, and what is due next one touch away. The
// second click of two was meant for the button that stood there before.
function Outcome({ bed, work, sheet, undo, goes, stored, again = true }) {
  const { state, words, body, pressed, problem } = work.sent;
  if (state === "unsent") {
    return html`
      <div class="sheet-body">
        <div class="outcome" role="status">
          <h3>Not sent yet: ${words}</h3>
          <p>
            ${capital(problem)}. It is sent when the line is
            back${body.at && `, with its time, ${clock(body.at)}`}. Whether it has arrived is not
            known.
          </p>
          <button onClick=${work.withdraw}>Do not send it</button>
        </div>
      </div>
      <footer>
        <div class="sheet-buttons">
          <button class="main" onClick=${closeSheet}>Back to the bed</button>
        </div>
      </footer>
    `;
  }
  const made = madeBy(work.sent, sheet);
  const next = taskOf(bed, now.value);
  // Where the session is over there is nothing to go on with.
  const goesOn = bed.session !== null && next.state !== "upcoming";
  return html`
    <div class="sheet-body">
      <div class="outcome" role="status">
        <h3>Stored ${clock(made?.at ?? pressed)}: ${words}</h3>
        <p class="muted">by ${body.by}</p>
        ${stored}
        <div class="outcome-buttons">
          ${
            made &&
            html`
              <button onClick=${() => openSheet(bed.id, sheet, made.id)}>Correct</button>
            `
          }
          ${undo && html`<button onClick=${undo.act}>${undo.name}</button>`}
          ${
            again &&
            html`
              <button
                onClick=${() => {
                  work.drop();
                  openSheet(bed.id, sheet);
                }}
              >
                Another
              </button>
            `
          }
        </div>
      </div>
    </div>
    <footer>
      <div class="sheet-buttons">
        ${goesOn && html`<button onClick=${closeSheet}>Close</button>`}
        <button
          class="main"
          onClick=${(event) => {
            if (event.detail > 1) return;
            work.drop();
            if (goes) goes.act();
            else if (goesOn) openSheet(bed.id, next.sheet);
            else closeSheet();
          }}
        >
          ${goes?.name ?? onwards(bed, next, goesOn)}
        </button>
      </div>
    </footer>
  `;
}

function onwards({ session }, { text, short = text }, goesOn) {
  if (goesOn) return `Go on with ${short}`;
  return session ? `Done. Next: ${text}` : "Done";
}

// Tab goes round within the sheet; Escape closes it, unless a dialog is open over it.
function useFocusKept(sheet, title, over) {
  useLayoutEffect(
    () => ((over && sheet.current.querySelector(".main")) || sheet.current).focus(),
    [title, over],
  );
  useEffect(() => {
    const key = (event) => {
      if (document.querySelector("dialog[open]")) return;
      if (event.key === "Escape") closeSheet();
      else if (event.key === "Enter" && event.repeat) event.preventDefault();
      else if (event.key === "Tab" && sheet.current.contains(document.activeElement))
        goRound(event, sheet.current);
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
}

function goRound(event, sheet) {
  const all = [...sheet.querySelectorAll(FOCUSABLE)].filter(
    (one) => !one.disabled && one.getClientRects().length,
  );
  const [from, to] = event.shiftKey ? [all[0], all.at(-1)] : [all.at(-1), all[0]];
  const at = document.activeElement;
  if (at !== from && !sameGroup(at, from) && at !== sheet) return;
  if (at === sheet && !event.shiftKey) return;
  event.preventDefault();
  to.focus();
}

// Of a group of radio buttons Tab reaches one.
const sameGroup = (a, b) => a.type === "radio" && b?.type === "radio" && a.name === b.name;
