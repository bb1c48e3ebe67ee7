// The records of a session as one list, and each in a nurse's words. Pure.
export const GRADES = ["none", "mild", "moderate", "severe"];

const SCALES = { cadss: "CADSS", moaas: "MOAA/S" };

const scaleName = (scale) => SCALES[scale] ?? scale;
export const inWords = (name) => name.replaceAll(/[-_]/g, " ").replace(/^av /, "AV ");

// By kind: where the session has them, which sheet corrects one, what one says.
export const KINDS = {
  dose: { of: "doses", sheet: () => "dose", words: ({ product, mg }) => `${product} ${mg} mg` },
  score: {
    of: "scores",
    sheet: ({ scale }) => scale,
    words: ({ scale, total }) => `${scaleName(scale)} ${total}`,
  },
  pressure: {
    of: "pressures",
    sheet: ({ device }) => (device === "by-hand" ? "pressure" : null),
    words: ({ sys, dia }) => `${Math.round(sys)}/${Math.round(dia)}`,
  },
  symptom: {
    of: "symptoms",
    sheet: () => "symptom",
    words: ({ name, grade }) => `${inWords(name)}, ${GRADES[grade]}`,
  },
  observation: { of: "observations", sheet: () => "observation", words: observed },
};

export function observed({ resp, temperature, oxygen, consciousness }) {
  return [
    resp != null && `respiratory rate ${resp}/min`,
    temperature != null && `${temperature} °C`,
    oxygen != null && (oxygen ? "on oxygen" : "no oxygen"),
    consciousness,
  ]
    .filter(Boolean)
    .join(", ");
}

// Every record, newest first: {kind, record, words, sheet}.
export function recordsOf(session) {
  return Object.entries(KINDS)
    .flatMap(([kind, { of, sheet, words }]) =>
      (session[of] ?? []).map((record) => ({
        kind,
        record,
        words: words(record),
        sheet: sheet(record),
      })),
    )
    .sort((a, b) => Date.parse(b.record.at) - Date.parse(a.record.at));
}

export const recordIds = (session) => recordsOf(session).map(({ record }) => record.id);
