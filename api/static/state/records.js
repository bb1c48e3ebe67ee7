// The records of a session as one list, and each in a nurse's words. Pure.
export const GRADES = ["none", "mild", "moderate", "severe"];

const SCALES = { cadss: "CADSS", moaas: "MOAA/S" };

const scaleName = (scale) => SCALES[scale] ?? scale;
const SHORT = { resp: "respiratory rate", spo2: "SpO2" };

export const inWords = (name) => SHORT[name] ?? name.replaceAll(/[-_]/g, " ").replace(/^av /, "AV ");

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
  stop: {
    of: "dosing_stops",
    sheet: () => "stop",
    words: ({ reason }) => `dosing stopped: ${reason}`,
  },
  observation: { of: "observations", sheet: () => "observation", words: observed },
};

export function observed({ resp, temperature, oxygen, oxygen_flow, consciousness }) {
  return [
    resp != null && `respiratory rate ${resp}/min`,
    temperature != null && `${temperature} °C`,
    oxygen != null && (oxygen ? "on oxygen" : "no oxygen"),
    oxygen && oxygen_flow != null && `${oxygen_flow} l/min`,
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

// What is on record and cannot be put right: notes, and the steps of an infusion, as {at, by, words}.
export function keptOf({ infusion }, notes) {
  const pauses = infusion?.pauses.flatMap(({ from, to }) => [
    { at: from, words: "infusion paused" },
    { at: to, words: "infusion resumed" },
  ]);
  const steps = infusion && [
    { at: infusion.started_at, words: "infusion started" },
    ...pauses.filter(({ at }) => at !== infusion.ended_at),
    { at: infusion.ended_at, words: "infusion ended" },
  ];
  return [
    ...notes.map(({ at, payload }) => ({ at, by: payload.by, words: `note: ${payload.text}` })),
    ...(steps ?? []),
  ].filter(({ at }) => at);
}

export const recordIds = (session) => recordsOf(session).map(({ record }) => record.id);

const STARTED_WITH = {
  age: ["age"],
  weight_kg: ["weight", " kg"],
  regimen: ["regimen"],
  infusion_mg: ["infusion", " mg"],
};

// What was put right of what the session was started with: "weight 17 kg to 71 kg".
export function correctedWords({ was, now }) {
  return Object.entries(STARTED_WITH)
    .filter(([field]) => field in now)
    .map(([field, [name, unit = ""]]) => {
      const before = was[field] == null ? "none" : `${was[field]}${unit}`;
      return `${name} ${before} to ${now[field]}${unit}`;
    })
    .join(", ");
}
