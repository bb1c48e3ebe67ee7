// What a sheet asks the daemon for beyond the ward: the regimens, a patient's course.
import { useEffect, useState } from "../vendor/preact-hooks.js";
import { getAlarmLimits, getRegimens, getTreatmentCourse } from "./api.js";

const PAUSE_MS = 400;

// `{value, problem}` of what `ask` gives, asked again when `key` changes and has rested; both null
// until then, and without a key.
function useFetched(key, ask, pause) {
  const [of, put] = useState({});
  useEffect(() => {
    if (key === "") return;
    let wanted = true;
    const tell = (what) => wanted && put({ key, ...what });
    const begin = () =>
      ask(key).then(
        (value) => tell({ value }),
        (error) => tell({ problem: error.message }),
      );
    const timer = setTimeout(begin, pause);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [key]);
  return of.key === key ? of : {};
}

export const useRegimens = () => useFetched("regimens", getRegimens, 0);
// Asked again when one was set.
export const useAlarmLimits = (session) => {
  const key = `${session.id} ${session.patient_limits.length}`;
  return useFetched(key, () => getAlarmLimits(session.id), 0);
};
export const useTreatmentCourse = (patient) =>
  useFetched(patient.trim(), getTreatmentCourse, PAUSE_MS);

export function useRegimen(session) {
  const { value, problem } = useRegimens();
  const regimen = value?.find(({ name }) => name === session.regimen);
  const unknown = value && !regimen ? `the regimen ${session.regimen} is not known here` : null;
  return { regimen, problem: problem ?? unknown };
}
