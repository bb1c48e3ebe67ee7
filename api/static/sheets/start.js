// The start of a session at an empty bed: who, by which regimen. A patient who was here before is
// told with the last sessions.
import { html } from "../html.js";
import { bedName } from "../format.js";
import { openSheet } from "../state/address.js";
import { useRegimens, useTreatmentCourse } from "../state/fetched.js";
import { beds } from "../state/ward.js";
import { History } from "../views/history.js";
import { Field, NumberField, OneOf, YES_NO, numberIn } from "./choice.js";
import { Sheet, missing } from "./sheet.js";
import { useWork } from "./work.js";

const BLANK = { patient: "", age: "", weight: "", regimen: null, escort: null, alsoAt: null };
const LAST = 3;

export function StartSheet({ bed }) {
  const work = useWork(bed, null, "start", BLANK);
  const { values, field } = work;
  const regimens = useRegimens();
  const chosen = regimens.value?.find(({ name }) => name === values.regimen);
  const patient = values.patient.trim();
  const age = ageOf(values);
  const weight = weightOf(values);
  const other = otherBedOf(patient, bed);
  const lacks = [
    !patient && "the patient",
    other && values.alsoAt !== other.id && "whether both beds are meant",
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
        ...(other ? { also_at: other.id } : {}),
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
      ${
        other &&
        html`
          <${OneOf}
            legend="${patient} has an open session at bed ${bedName(other)}"
            name="also-at"
            options=${[[other.id, "Both are meant"]]}
            ...${field("alsoAt")}
          />
        `
      }
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

// The other bed at which that patient has a session; large and small letters are one.
function otherBedOf(patient, bed) {
  const alias = patient.normalize().toLowerCase();
  const isTheirs = ({ id, session }) =>
    id !== bed.id && session && session.patient.toLowerCase() === alias;
  return (alias && beds.value?.find(isTheirs)) || null;
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
