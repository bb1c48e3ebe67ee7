// Age, weight and regimen put right, with a reason. What is left as it is is not sent.
import { html } from "../html.js";
import { useRegimens } from "../state/fetched.js";
import { correctedWords } from "../state/records.js";
import { NumberField, Text, numberIn } from "./choice.js";
import { Sheet, missing } from "./sheet.js";
import { Regimens, ageOf, weightOf } from "./start.js";
import { useWork } from "./work.js";

export function CorrectSheet({ bed, session }) {
  const work = useWork(bed, session, "correct", {
    age: `${session.age ?? ""}`,
    weight: `${session.weight_kg ?? ""}`,
    regimen: session.regimen,
    holds: "",
    reason: "",
  });
  const { values, field } = work;
  const { value: regimens = [], problem } = useRegimens();
  const now = changed(session, values);
  const asksHeld = asksWhatItHolds(session, now);
  const reason = values.reason.trim();
  const words = correctedWords({ was: session, now });
  const waits = lacksOf(session, values, now, asksHeld);
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Age, weight, regimen"
      about="What the session was started with. Both values stay on record."
      name=${`Correct ${words}`}
      waits=${waits}
      act=${() =>
        work.send({
          path: `sessions/${session.id}/correct`,
          body: { ...now, ...(asksHeld ? { infusion_mg: heldMg(values) } : {}), reason },
          words,
          timed: false,
        })}
      again=${false}
      undo=${{ name: "Correct again", act: work.drop }}
    >
      <div class="fields">
        <${NumberField} label="Age, years" ...${field("age")} />
        <${NumberField} label="Weight, kg" ...${field("weight")} />
      </div>
      <${Regimens} problem=${problem} of=${possible(session, regimens)} ...${field("regimen")} />
      ${asksHeld && html`<${NumberField} label="The infusion holds, mg" ...${field("holds")} />`}
      <${Text} label="Why" ...${field("reason")} />
    <//>
  `;
}

// After the first dose only a regimen of the same product and route takes the place of another.
function possible(session, regimens) {
  const own = regimens.find(({ name }) => name === session.regimen);
  if (!session.first_dose_at || !own) return regimens;
  return regimens.filter(({ product, route }) => product === own.product && route === own.route);
}

const heldMg = ({ holds }) => numberIn(holds, 0.1, 2000, { whole: false });

// What is typed and differs, as it is sent.
function changed(session, values) {
  const typed = { age: ageOf(values), weight_kg: weightOf(values), regimen: values.regimen };
  return Object.fromEntries(
    Object.entries(typed).filter(([name, value]) => value !== null && value !== session[name]),
  );
}

// Whether the pump was set by what was on record or by what is right only a person can say.
const asksWhatItHolds = ({ infusion }, now) =>
  infusion !== null && ("weight_kg" in now || "regimen" in now);

function lacksOf(session, values, now, asksHeld) {
  if (ageOf(values) === null && (values.age.trim() || session.age !== null))
    return "Correct: an age from 0 to 130";
  if (weightOf(values) === null && (values.weight.trim() || session.weight_kg !== null))
    return "Correct: a weight from 20 to 400 kg";
  if (!Object.keys(now).length) return "Correct: change what is wrong";
  return missing("Correct", [
    asksHeld && heldMg(values) === null && "how much the infusion holds",
    !values.reason.trim() && "why",
  ]);
}
