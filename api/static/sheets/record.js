// One thing on record: put right, or withdrawn with a reason. Either way it stays to be seen.
import { useRef } from "../vendor/preact-hooks.js";
import { clock } from "../format.js";
import { html } from "../html.js";
import { openSheet } from "../state/address.js";
import { recordsOf } from "../state/records.js";
import { Text } from "./choice.js";
import { Sheet } from "./sheet.js";
import { useWork } from "./work.js";

export function RecordSheet({ bed, session, record }) {
  const work = useWork(bed, session, "record", { reason: "" }, { record });
  const seen = useRef(null);
  const entry = recordsOf(session).find((one) => one.record.id === record) ?? seen.current;
  seen.current = entry;
  const reason = work.values.reason.trim();
  const words = entry?.words ?? "";
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title=${words || "Record"}
      about=${entry && `${clock(entry.record.at)}, ${entry.record.by ?? "by the cuff"}`}
      name="Retract it"
      waits=${!reason && "Retract it: say why"}
      act=${() =>
        work.send({
          path: `sessions/${session.id}/retract`,
          body: { record, reason },
          words: `${words} retracted`,
          timed: false,
        })}
      again=${false}
      undo=${entry?.sheet && {
        name: "Enter it anew",
        act: () => openSheet(bed.id, entry.sheet),
      }}
    >
      ${
        entry?.sheet
          ? html`
            <button type="button" onClick=${() => openSheet(bed.id, entry.sheet, record)}>
              Correct it …
            </button>
          `
          : html`<p class="muted">It cannot be corrected: retract it, and enter your own.</p>`
      }
      <${Text} label="Why it is retracted" ...${work.field("reason")} />
    <//>
  `;
}
