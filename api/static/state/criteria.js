// What an administration and leaving wait for, in words. Whether it is met only the server says.
const NAMES = {
  pressure: "Pressure",
  spo2: "SpO2",
  moaas: "MOAA/S 5",
  cadss: "CADSS",
  "no-alarm": "No medium or high alarm of the patient",
  "no-emergency": "No emergency",
  interval: "Five minutes apart",
  age: "Age",
  contraindications: "Contraindications",
  suicidality: "Suicidal thoughts",
  fasting: "Food, fluids, nasal sprays",
  "one-bed": "At one bed",
  "baseline-steady": "Baseline steady",
  cautions: "Cautions",
  "starting-dose": "Starting dose",
  medicines: "Medicines asked",
  "escort-planned": "Escort planned",
  "window-over": "Window over",
  "dose-time": "Time of the dose confirmed",
  "discharge-checks": "Last checks before leaving",
  "pressure-not-severe": "Last two pressures below severe",
  "pressure-near-baseline": "Pressure near baseline",
  "no-respiratory-depression": "No respiratory depression",
  "no-serious-event": "No serious event",
  "no-check-overdue": "No check overdue",
  escort: "Escort confirmed",
};
const FOR_LEAVING = { spo2: "SpO2 steady", cadss: "CADSS back" };

export const criterionName = (name) => NAMES[name] ?? name.replaceAll(/[-_]/g, " ");
export const leavingName = (name) => FOR_LEAVING[name] ?? criterionName(name);

// By state: [mark, words].
export const MARKS = {
  met: ["✓", "met"],
  passed: ["○", "cleared"],
  remark: ["–", "remark"],
  unmet: ["✕", "not met"],
};

export function stateOf({ met, required, cleared_by: by }) {
  if (met) return "met";
  if (by) return "passed";
  return required ? "unmet" : "remark";
}

// Whether what waits for it has to go on waiting.
export const stops = (one) => stateOf(one) === "unmet";
