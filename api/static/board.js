// The page: mounts the ward board or one bed, and keeps the clock, the stream, the order of the
// tiles and the sound going.
import { render } from "./vendor/preact.js";
import { effect, signal } from "./vendor/signals.js";
import { AlarmDialog } from "./acknowledge.js";
import { alarmWord, audible, byUrgency, countAlarms, openAlarms } from "./alarm.js";
import { BedPage } from "./bed.js";
import { now, serverNow, startClock } from "./clock.js";
import { NoBeds, NoDaemon } from "./first.js";
import { Banners, Header } from "./header.js";
import { html } from "./html.js";
import { arrange, order, releaseIdleFocus, startOrder } from "./order.js";
import { sound } from "./sound.js";
import { link, openStream, watchSilence } from "./stream.js";
import { Tile } from "./tile.js";
import { beds, courses, refreshBeds, status } from "./ward.js";

const BED_ADDRESS = /^#\/bed\/(.+)$/;

const address = signal(location.hash);
addEventListener("hashchange", () => (address.value = location.hash));

function Page() {
  const id = address.value.match(BED_ADDRESS)?.[1];
  const bed = id && beds.value?.find((one) => one.id === decodeURIComponent(id));
  return html`
    <div class="page ${link.value.up ? "" : "lost"}">
      ${bed ? html`<${BedPage} bed=${bed} />` : html`<${Board} />`}
      <p class="legal">Postdose supports trained staff. Not a certified medical device.</p>
      <p class="hidden" role="status">${announced()}</p>
      <${AlarmDialog} />
    </div>
  `;
}

// For those who hear the page: the newest of the worst alarms that nobody has yet.
function announced() {
  const [worst] = (beds.value ?? [])
    .flatMap(openAlarms)
    .filter((alarm) => !alarm.acknowledged)
    .sort(byUrgency);
  return worst && `${worst.bed}, ${alarmWord(worst)}: ${worst.text}`;
}

function Board() {
  return html`
    <${Header} status=${status.value} beds=${beds.value} now=${now.value} />
    <${Banners} status=${status.value} />
    <main><${Content} /></main>
  `;
}

function Content() {
  if (beds.value === null) return html`<${NoDaemon} problem=${link.value.problem} />`;
  return beds.value.length ? html`<${Tiles} />` : html`<${NoBeds} />`;
}

function Tiles() {
  const byId = new Map(beds.value.map((bed) => [bed.id, bed]));
  return html`
    <div class="board">
      ${order.value
        .filter((id) => byId.has(id))
        .map(
          (id) => html`
            <${Tile}
              key=${id}
              bed=${byId.get(id)}
              course=${courses.value[id]}
              now=${now.value}
              speed=${status.value.speed}
            />
          `,
        )}
    </div>
  `;
}

// A board that has gone deaf sounds like a medium alarm: its own condition is technical.
function hear() {
  if (link.peek().since === null) return;
  const worst = audible(beds.peek(), serverNow());
  sound(link.peek().up || worst === "high" ? worst : "medium");
}

effect(() => {
  const [worst] = countAlarms(beds.value ?? []).filter(({ open }) => open);
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
  hear();
});
openStream();
render(html`<${Page} />`, document.getElementById("page"));
