// A symptom in two touches: which, and how bad.
import { html } from "../html.js";
import { GRADES, inWords } from "../state/records.js";
import { Field, OneOf } from "./choice.js";
import { Sheet } from "./sheet.js";
import { useWork } from "./work.js";

const SYMPTOMS = [
  "anxiety",
  "nausea",
  "vomiting",
  "headache",
  "dizziness",
  "vertigo",
  "numbness",
  "chest-pain",
  "breathlessness",
  "visual-change",
  "double-vision",
  "seizure",
  "loss-of-consciousness",
  "focal-deficit",
];

const typed = ({ name, grade, note }) => ({ symptom: name, grade, note: note ?? "" });

export function SymptomSheet({ bed, session, record }) {
  const blank = { symptom: null, grade: null, note: "" };
  const work = useWork(bed, session, "symptom", blank, { record, typed });
  const { symptom, grade, note } = work.values;
  const words = symptom !== null && grade !== null && `${inWords(symptom)}, ${GRADES[grade]}`;
  const body = { symptom, grade, ...(note.trim() ? { note: note.trim() } : {}) };
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Symptom"
      about="Which, and how bad. “None” says that one is over."
      name=${`Store ${words}`}
      waits=${!words && (symptom === null ? "Store: touch which" : "Store: touch how bad")}
      act=${() => work.send({ path: `sessions/${session.id}/symptoms`, body, words })}
      sheet="symptom"
    >
      <${OneOf}
        legend="Which"
        name="symptom"
        options=${SYMPTOMS.map((name) => [name, inWords(name)])}
        ...${work.field("symptom")}
      />
      <${OneOf}
        legend="How bad"
        name="grade"
        options=${GRADES.map((words, points) => [points, `${points}`, words])}
        ...${work.field("grade")}
      />
      <${Field} label="Note" hint="optional" maxlength="500" ...${work.field("note")} />
    <//>
  `;
}
