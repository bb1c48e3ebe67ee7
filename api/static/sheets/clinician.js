// A clinician decides: by name, and with a reason.
import { html } from "../html.js";
import { Field, Text } from "./choice.js";

export const TO_LEAVE = "Why the clinician lets the patient go";

export const decisionOf = ({ clinician, reason }) => ({
  clinician: clinician.trim(),
  reason: reason.trim(),
});

// What a decision still lacks, in words.
export const lacksOf = ({ clinician, reason }) => [
  !clinician && "the clinician",
  !reason && "the reason",
];

// `field` gives the sheet's values: `clinician`, and the one that is named by `reason`.
export function Clinician({ field, why = "Reason", reason = "reason" }) {
  return html`
    <${Field} label="Clinician" maxlength="64" ...${field("clinician")} />
    <${Text} label=${why} ...${field(reason)} />
  `;
}
