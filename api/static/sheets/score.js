// The sheets of the two scales: MOAA/S by its six words, CADSS by its total or its 23 items. The
// texts of the items are not ours to print: they have their numbers.
import { clock } from "../format.js";
import { html } from "../html.js";
import { NumberField, OneOf, numberIn } from "./choice.js";
import { Sheet } from "./sheet.js";
import { useWork } from "./work.js";

const MOAAS = [
  [5, "5", "Responds readily to the name"],
  [4, "4", "Lethargic response to the name"],
  [3, "3", "Only after the name is called loudly or repeatedly"],
  [2, "2", "Only after mild prodding or shaking"],
  [1, "1", "Only after a painful squeeze"],
  [0, "0", "No response to a painful squeeze"],
];
const ITEMS = Array.from({ length: 23 }, (_, n) => n + 1);
const POINTS = [0, 1, 2, 3, 4];
const MOST = 92;

function lastOf(session, scale) {
  const last = session.scores.findLast((score) => score.scale === scale);
  return last ? `The last was ${last.total} at ${clock(last.at)}.` : "The first of this session.";
}

const path = (session) => `sessions/${session.id}/scores`;

export function MoaasSheet({ bed, session, record }) {
  const typed = (score) => ({ total: score.total });
  const work = useWork(bed, session, "moaas", { total: null }, { record, typed });
  const { total } = work.values;
  const words = `MOAA/S ${total}`;
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="MOAA/S"
      about=${`Touch how the patient responds. ${lastOf(session, "moaas")}`}
      name=${`Store ${words}`}
      waits=${total === null && "Store: touch how the patient responds"}
      act=${() => work.send({ path: path(session), body: { scale: "moaas", total }, words })}
      sheet="moaas"
    >
      <div onKeyDown=${(event) => pick(event, (n) => n <= 5 && work.change({ total: n }))}>
        <${OneOf}
          look="tall"
          legend="Response"
          name="moaas"
          options=${MOAAS}
          ...${work.field("total")}
        />
      </div>
    <//>
  `;
}

function pick(event, take) {
  if (/^[0-9]$/.test(event.key) && !event.ctrlKey && !event.metaKey) take(Number(event.key));
}

const typedCadss = ({ total, items }) => ({
  byItem: items !== null,
  total: `${total}`,
  items: items ?? {},
});

export function CadssSheet({ bed, session, record }) {
  const blank = { byItem: false, total: "", items: {} };
  const work = useWork(bed, session, "cadss", blank, { record, typed: typedCadss });
  const { byItem, items } = work.values;
  const left = ITEMS.filter((item) => !(item in items));
  const sum = Object.values(items).reduce((all, points) => all + points, 0);
  const total = byItem ? (left.length ? null : sum) : numberIn(work.values.total, 0, MOST);
  const words = `CADSS ${total}`;
  const lacks = byItem
    ? `Store: ${left.length} of ${ITEMS.length} items to come`
    : `Store: type the total, 0 to ${MOST}`;
  const body = byItem ? { scale: "cadss", items } : { scale: "cadss", total };
  return html`
    <${Sheet}
      wide=${byItem}
      bed=${bed}
      work=${work}
      title="CADSS"
      about=${`By the total, or by item from your own sheet. ${lastOf(session, "cadss")}`}
      name=${`Store ${words}`}
      waits=${total === null && lacks}
      act=${() => work.send({ path: path(session), body, words })}
      sheet="cadss"
      aside=${html`
        <button type="button" onClick=${() => work.change({ byItem: !byItem })}>
          ${byItem ? "Total only" : "By item"}
        </button>
      `}
    >
      ${
        byItem
          ? html`
            <p class="score-sum"><b>${sum}</b> of ${MOST} · ${ITEMS.length - left.length} of 23 items</p>
            <${Items} items=${items} change=${(next) => work.change({ items: next })} />
          `
          : html`<${NumberField} label="Total, 0 to 92" ...${work.field("total")} />`
      }
    <//>
  `;
}

function Items({ items, change }) {
  return html`
    <div class="items">
      ${ITEMS.map(
        (item) => html`
          <div key=${item} onKeyDown=${(event) => key(event, item, items, change)}>
            <${OneOf}
              look="item"
              legend=${`${item}`}
              name=${`cadss-${item}`}
              options=${POINTS.map((points) => [points, `${points}`])}
              value=${items[item]}
              onChange=${(points) => change({ ...items, [item]: points })}
            />
          </div>
        `,
      )}
    </div>
  `;
}

// 0 to 4 answer an item and go on to the next; up and down go between items.
function key(event, item, items, change) {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (step) {
    event.preventDefault();
    return goTo(item + step);
  }
  pick(event, (points) => {
    if (points > 4) return;
    change({ ...items, [item]: points });
    goTo(item + 1);
  });
}

function goTo(item) {
  const all = [...document.querySelectorAll(`input[name="cadss-${item}"]`)];
  (all.find((one) => one.checked) ?? all[0])?.focus();
}
