// The start of a session at an empty bed: who, by which regimen. A patient who was here before is
// told with the last sessions.
import { html } from "../html.js";
import { openSheet } from "../state/address.js";
import { useRegimens, useTreatmentCourse } from "../state/fetched.js";
import { History } from "../views/history.js";
import { Field, NumberField, OneOf, YES_NO, numberIn } from "./choice.js";
import { Sheet, missing } from "./sheet.js";
import { useWork } from "./work.js";

const BLANK = { patient: "", age: "", weight: "", regimen: null, escort: null };
const LAST = 3;

export function StartSheet({ bed }) {
  const work = useWork(bed, null, "start", BLANK);
  const { values, field } = work;
  const regimens = useRegimens();
  const chosen = regimens.value?.find(({ name }) => name === values.regimen);
  const patient = values.patient.trim();
  const age = ageOf(values);
  const weight = weightOf(values);
  const lacks = [
    !patient && "the patient",
    age === null && "the age",
    !chosen && "the regimen",
    chosen?.by_weight && weight === null && "the weight",
    values.escort === null && "the escort",
  ];
  const waits = bed.session ? `Start: ${bed.session.patient} is at this bed` : missing("Start", lacks);
  const start = () =>
    work.send({
      path: "sessions",
      body: {
        bed: bed.id,
        patient,
        age,
        regimen: values.regimen,
        escort_planned: values.escort,
        ...(chosen.by_weight ? { weight_kg: weight } : {}),
      },
      words: `${patient}, ${chosen.title}`,
      timed: false,
    });
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Start a session"
      name="Start, and measure the pressure"
      waits=${waits}
      act=${start}
      again=${false}
      undo=${{ name: "Undo: end it", act: () => openSheet(bed.id, "abort") }}
    >
      <${Field} label="Patient, alias" autocomplete="off" maxlength="100" ...${field("patient")} />
      <${Known} patient=${patient} />
      <${NumberField} label="Age, years" ...${field("age")} />
      <${Regimens} problem=${regimens.problem} of=${regimens.value ?? []} ...${field("regimen")} />
      ${chosen?.by_weight && html`<${NumberField} label="Weight, kg" ...${field("weight")} />`}
      <${OneOf}
        legend="Somebody will take the patient home"
        name="escort"
        options=${YES_NO}
        ...${field("escort")}
      />
    <//>
  `;
}

export const ageOf = ({ age }) => numberIn(age, 0, 130);
export const weightOf = ({ weight }) => numberIn(weight, 20, 400, { whole: false });

// One of the regimens, or why there are none.
export function Regimens({ of, problem, ...more }) {
  const options = of.map(({ name, title }) => [name, title]);
  return html`
    ${problem && html`<p class="failure">No regimens: ${problem}</p>`}
    <${OneOf} legend="Regimen" name="regimen" options=${options} ...${more} />
  `;
}

function Known({ patient }) {
  const { value: course } = useTreatmentCourse(patient);
  if (!course?.sessions.length) return null;
  const phase = course.phase ? ` · ${course.phase}, week ${course.week}` : "";
  return html`
    <div class="told">
      <p><b>This is session ${course.number + 1}</b>${phase}</p>
      <${History} visits=${course.sessions.filter(({ given_mg: mg }) => mg).slice(-LAST)} />
    </div>
  `;
}
