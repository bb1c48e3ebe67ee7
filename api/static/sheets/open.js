// The sheet that is open: which there are, by their name in the address.
import { useRef } from "../vendor/preact-hooks.js";
import { place } from "../state/address.js";
import { html } from "../html.js";
import { AlarmPathSheet } from "./alarmpath.js";
import { AbortSheet, LeftSheet } from "./abort.js";
import { ClearSheet } from "./clear.js";
import { CorrectSheet } from "./correct.js";
import { CuffSheet } from "./cuff.js";
import { DischargeSheet } from "./discharge.js";
import { DoseSheet } from "./dose.js";
import { DoseTimeSheet } from "./dosetime.js";
import { LimitsSheet } from "./limits.js";
import { MoveSheet } from "./move.js";
import { NoteSheet } from "./note.js";
import { NurseSheet } from "./nurse.js";
import { ObservationSheet } from "./observation.js";
import { PreparationSheet } from "./preparation.js";
import { PressureSheet } from "./pressure.js";
import { RecordSheet } from "./record.js";
import { CadssSheet, MoaasSheet } from "./score.js";
import { StartSheet } from "./start.js";
import { StopSheet } from "./stop.js";
import { SymptomSheet } from "./symptom.js";

const SHEETS = {
  start: StartSheet,
  preparation: PreparationSheet,
  dose: DoseSheet,
  dosetime: DoseTimeSheet,
  stop: StopSheet,
  clear: ClearSheet,
  moaas: MoaasSheet,
  cadss: CadssSheet,
  pressure: PressureSheet,
  observation: ObservationSheet,
  symptom: SymptomSheet,
  note: NoteSheet,
  nurse: NurseSheet,
  cuff: CuffSheet,
  correct: CorrectSheet,
  alarmpath: AlarmPathSheet,
  limits: LimitsSheet,
  move: MoveSheet,
  record: RecordSheet,
  discharge: DischargeSheet,
  abort: AbortSheet,
  left: LeftSheet,
};
// What is done at a bed without a session.
const WITHOUT = new Set(["start", "cuff"]);

// The open sheet of a bed, or null. A session that ends meanwhile stays in it, so that it can say
// what was stored, or why not.
export function useSheet(bed) {
  const held = useRef(null);
  const { sheet, record } = place.value;
  held.current = sheet && (bed.session ?? held.current);
  const Which = SHEETS[sheet];
  if (!Which || !(held.current || WITHOUT.has(sheet))) return null;
  return html`<${Which} key=${`${sheet} ${record}`} bed=${bed} session=${held.current} record=${record} />`;
}
