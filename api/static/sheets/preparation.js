// What is asked before the dose. Asked in this session: nothing is there before somebody answered.
import { capital, few } from "../format.js";
import { html } from "../html.js";
import { useRegimen } from "../state/fetched.js";
import { inWords } from "../state/records.js";
import { AnyOf, Field, Line, YES_NO } from "./choice.js";
import { Sheet } from "./sheet.js";
import { useWork } from "./work.js";

const MEDICINES = [
  ["benzodiazepine", "benzodiazepine"],
  ["sedative", "other sedative"],
  ["opioid", "opioid"],
  ["stimulant", "psychostimulant"],
  ["mao-inhibitor", "MAO inhibitor"],
];
const FASTING = {
  food_2h: "No food for 2 h",
  liquid_30min: "No fluids for 30 min",
  nasal_1h: "No nasal spray for 1 h",
};
const fastingWords = (name) => FASTING[name] ?? capital(inWords(name));
const SUICIDALITY = [
  ["none", "none"],
  ["concern", "a concern"],
];

export const Suicidality = (props) =>
  html`<${Line} name="suicidality" options=${SUICIDALITY} ...${props} />`;

// What was asked in this session already, as it is answered here.
function answered({ preparation: said, medicines, escort_planned: escort }) {
  const classes = said.medicine_classes;
  return {
    contraindications: said.contraindications ?? {},
    cautions: said.cautions,
    medicines: classes && Object.keys(classes).filter((name) => classes[name]),
    names: (medicines ?? []).join(", "),
    suicidality: said.suicidality,
    fasting: said.fasting ?? {},
    escort,
    first: said.first_treatment,
    changed: said.confirmed?.changed ?? null,
  };
}

export function PreparationSheet({ bed, session }) {
  const { regimen, problem } = useRegimen(session);
  const work = useWork(bed, session, "preparation", answered(session));
  const { values, change, field } = work;
  const lacks = regimen ? lacking(values, regimen) : [];
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Ask before the dose"
      name="Store what was asked"
      waits=${regimen ? lacks.length > 0 && `Store: ${few(lacks)} to ask` : (problem ?? "…")}
      act=${() => work.send(asked(session, values))}
      again=${false}
      undo=${{ name: "Correct", act: work.drop }}
    >
      ${regimen?.contraindications.map(
        (name) => html`
          <${Line}
            key=${name}
            legend=${capital(inWords(name))}
            name=${name}
            options=${[
              ["no", "no"],
              ["yes", "yes"],
            ]}
            value=${values.contraindications[name]}
            onChange=${(answer) =>
              change({ contraindications: { ...values.contraindications, [name]: answer } })}
          />
        `,
      )}
      <${Suicidality} legend="Suicidal thoughts" ...${field("suicidality")} />
      ${regimen?.fasting.map(
        (name) => html`
          <${Line}
            key=${name}
            legend=${fastingWords(name)}
            name=${name}
            options=${[
              [true, "kept to"],
              [false, "not kept to"],
            ]}
            value=${values.fasting[name]}
            onChange=${(kept) => change({ fasting: { ...values.fasting, [name]: kept } })}
          />
        `,
      )}
      <${AnyOf}
        legend="Medicines of today"
        name="medicines"
        options=${MEDICINES}
        ...${field("medicines")}
      />
      <${Field} label="Their names" hint="optional, with commas between" ...${field("names")} />
      <${AnyOf}
        legend="Cautions"
        name="cautions"
        options=${(regimen?.cautions ?? []).map((name) => [name, inWords(name)])}
        ...${field("cautions")}
      />
      <${Line}
        legend="Somebody will take the patient home"
        name="escort"
        options=${YES_NO}
        ...${field("escort")}
      />
      <${Line}
        legend="The first treatment of all"
        name="first"
        options=${YES_NO}
        ...${field("first")}
      />
      <${Line}
        legend="All of this was gone through with the patient now"
        name="changed"
        options=${[
          [false, "nothing has changed"],
          [true, "something has changed"],
        ]}
        ...${field("changed")}
      />
    <//>
  `;
}

function lacking(values, regimen) {
  const unasked = (names, answers) => names.filter((name) => (answers[name] ?? null) === null);
  return [
    ...unasked(regimen.contraindications, values.contraindications).map(inWords),
    values.suicidality === null && "suicidal thoughts",
    ...unasked(regimen.fasting, values.fasting).map((name) => fastingWords(name).toLowerCase()),
    values.medicines === null && "medicines",
    values.cautions === null && "cautions",
    values.escort === null && "who takes the patient home",
    values.first === null && "whether it is the first treatment",
    values.changed === null && "whether anything has changed",
  ].filter(Boolean);
}

function asked(session, values) {
  const names = values.names.split(",").map((name) => name.trim()).filter(Boolean);
  return {
    path: `sessions/${session.id}/preparation`,
    body: {
      contraindications: values.contraindications,
      suicidality: values.suicidality,
      fasting: values.fasting,
      medicines: Object.fromEntries(
        MEDICINES.map(([name]) => [name, values.medicines.includes(name)]),
      ),
      medicine_names: names,
      cautions: values.cautions,
      escort_planned: values.escort,
      first_treatment: values.first,
      confirmed: { changed: values.changed },
    },
    words: "what was asked before the dose",
    timed: false,
  };
}
