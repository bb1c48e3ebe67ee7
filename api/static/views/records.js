// Everything on record in the session, newest first; what can be put right is pressed for it.
import { clock } from "../format.js";
import { html } from "../html.js";
import { openSheet } from "../state/address.js";
import { KINDS, correctedWords, keptOf, recordsOf } from "../state/records.js";
import { courses } from "../state/ward.js";

const FEW = 8;

export function Records({ bed, all, showAll }) {
  const { session } = bed;
  const notes = courses.value[bed.id]?.notes ?? [];
  const records = [
    ...recordsOf(session),
    ...keptOf(session, notes).map((record) => ({ record, words: record.words })),
  ].sort((a, b) => Date.parse(b.record.at) - Date.parse(a.record.at));
  const shown = all ? records : records.slice(0, FEW);
  if (![records, session.corrections, session.session_corrections].some((all) => all?.length))
    return null;
  return html`
    <section class="panel records">
      <h2>On record · ${records.length}</h2>
      <ul>
        ${shown.map(
          ({ kind, record, words }) => html`
            <li key=${record.id ?? `${record.at} ${words}`}>
              ${
                kind
                  ? html`
                    <button onClick=${() => openSheet(bed.id, "record", record.id)}>
                      <${Line} at=${record.at} words=${words} by=${record.by ?? "cuff"} />
                    </button>
                  `
                  : html`<p><${Line} at=${record.at} words=${words} by=${record.by} /></p>`
              }
            </li>
          `,
        )}
      </ul>
      ${
        records.length > shown.length &&
        html`<button onClick=${showAll}>All ${records.length}</button>`
      }
      <${Corrections} corrections=${session.corrections ?? []} />
      <${SessionCorrections} corrections=${session.session_corrections ?? []} />
    </section>
  `;
}

const Line = ({ at, words, by }) =>
  html`<span>${clock(at)}</span><b>${words}</b><span>${by}</span>`;

// What was put right or withdrawn stays in sight, struck through.
function Corrections({ corrections }) {
  if (!corrections.length) return null;
  return html`
    <ul class="corrections">
      ${corrections.toReversed().map(
        ({ was, now, by, reason }) => html`
          <li key=${was.id}>
            <s>${clock(was.at)} ${wordsOf(was)}</s>
            <span class="muted">
              ${now ? " corrected" : " retracted"} by ${by}${reason && html`: ${reason}`}
            </span>
          </li>
        `,
      )}
    </ul>
  `;
}

// Age, weight and regimen that were put right: both values.
function SessionCorrections({ corrections }) {
  if (!corrections.length) return null;
  return html`
    <ul class="corrections">
      ${corrections.toReversed().map(
        (one) => html`
          <li key=${one.id}>
            ${correctedWords(one)}
            <span class="muted"> corrected by ${one.by}, ${clock(one.at)}: ${one.reason}</span>
          </li>
        `,
      )}
    </ul>
  `;
}

// A record that no longer stands says by its fields what it is.
function wordsOf(was) {
  const kind = Object.entries({
    product: "dose",
    scale: "score",
    sys: "pressure",
    grade: "symptom",
    reason: "stop",
  }).find(([field]) => field in was);
  return KINDS[kind?.[1] ?? "observation"].words(was);
}
