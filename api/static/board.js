// The page: mounts the ward board or one bed, and keeps the clock, the stream, the order of the
// tiles and the sound going.
import { render } from "./vendor/preact.js";
import { effect } from "./vendor/signals.js";
import { AlarmDialog } from "./sheets/acknowledge.js";
import { access, brief, isOut, loadAccess, lockIdle, lookIn } from "./state/access.js";
import { alarmWord, audible, byUrgency, countAlarms, isAdvisory, openAlarms } from "./state/alarm.js";
import { LockBar, SignIn, WhoDialog } from "./views/access.js";
import { BedPage } from "./views/bed.js";
import { now, serverNow, startClock } from "./state/clock.js";
import { NoBeds, NoDaemon } from "./views/first.js";
import { Banners, Header } from "./views/header.js";
import { html } from "./html.js";
import { place } from "./state/address.js";
import { announce } from "./state/display.js";
import { sendAgain } from "./state/intentions.js";
import { arrange, releaseIdleFocus, startOrder } from "./state/order.js";
import { sound } from "./state/sound.js";
import { link, openStream, watchSilence } from "./state/stream.js";
import { Board } from "./views/board.js";
import { isKiosk, shownOf } from "./state/wall.js";
import { beds, refreshBeds, status } from "./state/ward.js";

function Page() {
  if (isOut.value) return html`<div class="page"><${SignIn} /><${Legal} /></div>`;
  const bed = beds.value?.find((one) => one.id === place.value.bed);
  return html`
    <div class="page ${link.value.up ? "" : "lost"} ${isKiosk && !bed ? "kiosk" : ""}">
      ${bed ? html`<${BedPage} key=${bed.id} bed=${bed} />` : html`<${Ward} />`}
      <${LockBar} />
      <${Legal} />
      <p class="hidden" role="status">${announced()}</p>
      <${AlarmDialog} />
      <${WhoDialog} />
    </div>
  `;
}

function Legal() {
  const open = access.value?.sign_in === "none" && " Nobody signs in here: anybody acts under any name.";
  return html`
    <p class="legal">Postdose supports trained staff. Not a certified medical device.${open}</p>
  `;
}

// For those who hear the page: the newest of the worst alarms that nobody has yet.
function announced() {
  const [worst] = (shownOf(beds.value) ?? [])
    .flatMap(openAlarms)
    .filter((alarm) => !alarm.acknowledged)
    .sort(byUrgency);
  return worst && `${worst.bed}, ${alarmWord(worst)}: ${worst.text}`;
}

function Ward() {
  return html`
    <${Header} status=${status.value} beds=${shownOf(beds.value)} now=${now.value} />
    <${Banners} status=${status.value} />
    <main><${Content} /></main>
  `;
}

function Content() {
  if (beds.value === null) return html`<${NoDaemon} problem=${link.value.problem} />`;
  return beds.value.length ? html`<${Board} />` : html`<${NoBeds} />`;
}

// A board that has gone deaf sounds like a medium alarm: its own condition is technical.
function hear() {
  if (isOut.peek()) return sound(worstOf(brief.peek()));
  if (link.peek().since === null) return;
  const worst = audible(shownOf(beds.peek()), serverNow());
  sound(link.peek().up || worst === "high" ? worst : "medium");
}

function worstOf({ alarms, problem }) {
  const [worst] = alarms.filter((one) => !one.acknowledged && !isAdvisory(one)).sort(byUrgency);
  return worst?.priority ?? (problem ? "medium" : null);
}

effect(() => {
  const [worst] = countAlarms(shownOf(beds.value) ?? []).filter(({ open }) => open);
  document.title = [worst && `${worst.open} ${worst.priority}`, "Postdose"]
    .filter(Boolean)
    .join(" · ");
});
effect(() => {
  beds.value;
  link.value;
  hear();
});

startOrder();
startClock(() => {
  watchSilence();
  arrange();
  releaseIdleFocus();
  refreshBeds();
  sendAgain();
  lockIdle();
  lookIn();
  hear();
  announce();
});
loadAccess();
openStream();
render(html`<${Page} />`, document.getElementById("page"));
