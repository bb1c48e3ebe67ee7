// A clinician decides: by name, and with a reason.
import { useEffect } from "../vendor/preact-hooks.js";
import { needsSignIn, signedIn } from "../state/access.js";
import { AskWho } from "../views/access.js";
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
    ${
      needsSignIn.value
        ? html`<${SignedInClinician} ...${field("clinician")} />`
        : html`<${Field} label="Clinician" maxlength="64" ...${field("clinician")} />`
    }
    <${Text} label=${why} ...${field(reason)} />
  `;
}

// Once people sign in, a clinician's decision is theirs alone.
function SignedInClinician({ value, onChange }) {
  const { name, role } = signedIn.value ?? {};
  const clinician = role === "clinician" ? name : "";
  useEffect(() => {
    if (value !== clinician && (signedIn.value || value)) onChange(clinician);
  }, [clinician, value]);
  if (clinician) return html`<p class="muted">Clinician: <b>${clinician}</b></p>`;
  return html`<p class="told">A clinician decides this, signed in here.</p><${AskWho} />`;
}
