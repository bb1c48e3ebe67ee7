// What is observed beside the scores: the respiratory rate, oxygen, temperature, consciousness.
// Each may be left out, not all of them.
import { clock } from "../format.js";
import { html } from "../html.js";
import { observed } from "../state/records.js";
import { NumberField, OneOf, numberIn } from "./choice.js";
import { Sheet } from "./sheet.js";
import { useWork } from "./work.js";

// What is touched; any other rate is typed.
const RATES = Array.from({ length: 24 }, (_, n) => n + 7);
const OXYGEN = [
  [null, "not looked at"],
  [false, "none"],
  [true, "given"],
];
const ACVPU = [
  [null, "–", "not looked at"],
  ["alert", "A", "alert"],
  ["confusion", "C", "new confusion"],
  ["voice", "V", "responds to voice"],
  ["pain", "P", "responds to pain"],
  ["unresponsive", "U", "unresponsive"],
];
const BLANK = { resp: "", oxygen: null, oxygen_flow: "", temperature: "", consciousness: null };

const typed = ({ resp, oxygen, oxygen_flow, temperature, consciousness }) => ({
  resp: `${resp ?? ""}`,
  oxygen,
  oxygen_flow: `${oxygen_flow ?? ""}`,
  temperature: `${temperature ?? ""}`,
  consciousness,
});

export function ObservationSheet({ bed, session, record }) {
  const work = useWork(bed, session, "observation", BLANK, { record, typed });
  const { values, change, field } = work;
  const seen = {
    resp: numberIn(values.resp, 0, 80),
    oxygen: values.oxygen,
    oxygen_flow: values.oxygen ? numberIn(values.oxygen_flow, 0.1, 80, { whole: false }) : null,
    temperature: numberIn(values.temperature, 25, 45, { whole: false }),
    consciousness: values.consciousness,
  };
  const words = observed(seen);
  return html`
    <${Sheet}
      bed=${bed}
      work=${work}
      title="Observations"
      about=${`Count the breaths for a whole minute. ${lastOf(session)}`}
      name=${`Store ${words}`}
      waits=${waitsOf(values, seen, words)}
      act=${() =>
        work.send({ path: `sessions/${session.id}/observations`, body: given(seen), words })}
      sheet="observation"
    >
      <${OneOf}
        look="rates"
        legend="Respiratory rate, /min"
        name="resp"
        options=${RATES.map((rate) => [rate, `${rate}`])}
        value=${seen.resp}
        onChange=${(rate) => change({ resp: `${rate}` })}
      />
      <div class="fields">
        <${NumberField}
          label="Respiratory rate, typed"
          inputmode="numeric"
          ...${field("resp")}
        />
        <${NumberField} label="Temperature, °C" hint="optional" ...${field("temperature")} />
      </div>
      <${OneOf} legend="Oxygen" name="oxygen" options=${OXYGEN} ...${field("oxygen")} />
      ${
        values.oxygen &&
        html`
          <div class="fields">
            <${NumberField} label="Oxygen, l/min" hint="optional" ...${field("oxygen_flow")} />
          </div>
        `
      }
      <${OneOf}
        legend="Consciousness"
        name="consciousness"
        options=${ACVPU}
        ...${field("consciousness")}
      />
    <//>
  `;
}

const given = (seen) =>
  Object.fromEntries(Object.entries(seen).filter(([, value]) => value !== null));

function waitsOf(values, seen, words) {
  if (values.resp.trim() && seen.resp === null) return "Store: a rate from 0 to 80";
  if (values.temperature.trim() && seen.temperature === null)
    return "Store: a temperature from 25 to 45 °C";
  if (values.oxygen && values.oxygen_flow.trim() && seen.oxygen_flow === null)
    return "Store: oxygen of 0.1 to 80 l/min";
  return !words && "Store: touch the rate, or what else was observed";
}

function lastOf({ observations }) {
  const last = observations.findLast(({ resp }) => resp !== null);
  return last ? `The last rate was ${last.resp} at ${clock(last.at)}.` : "None in this session yet.";
}
