// A note: free text, kept as it is.
import { html } from "../html.js";
import { Text } from "./choice.js";
import { Sheet } from "./sheet.js";
import { useWork } from "./work.js";

const SHOWN = 40;

export function NoteSheet({ bed, session }) {
  const work = useWork(bed, session, "note", { text: "" });
  const text = work.values.text.trim();
  const short = text.length > SHOWN ? `${text.slice(0, SHOWN)} …` : text;
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      sheet="note"
      title="Note"
      about="A note is kept as it is: what was wrong in one is said in another."
      name="Store the note"
      waits=${!text && "Store: write the note"}
      act=${() =>
        work.send({
          path: `sessions/${session.id}/notes`,
          body: { text },
          words: `note “${short}”`,
          timed: false,
        })}
    >
      <${Text} label="Note" rows="8" ...${work.field("text")} />
    <//>
  `;
}
