// What may be shown of a vital: a number in its colour, or that and why there is none. Pure.

// A streamed vital older than this is not shown, whatever the server says of it: real time, ms.
const STREAMED_MS = 15_000;
const STREAMED = new Set(["spo2", "pulse", "resp", "perfusion"]);

// `value` is null when there is no number to trust; then `reason` says why, `since` from when
// (ms or null) and `last` what was last read (or null).
export function trusted(name, bed, now, speed) {
  const vital = bed.vitals[name];
  const device = vital && bed.devices.find((one) => one.id === vital.device);
  if (!vital) {
    const reason = bed.devices.length ? "no value yet" : "no device";
    return { value: null, reason, since: null, last: null, device };
  }
  const at = Date.parse(vital.at) || null;
  const usable =
    vital.value != null &&
    !vital.stale &&
    vital.quality !== "rejected" &&
    !tooOld(name, at, now, speed);
  if (usable) {
    const poor = vital.quality === "poor" ? (vital.reason ?? "poor signal") : null;
    return { value: Math.round(vital.value), poor, at, device };
  }
  const since = Date.parse(vital.missing_since) || at;
  return { value: null, reason: whyMissing(vital, device), since, last: vital.value, at, device };
}

function tooOld(name, at, now, speed) {
  return STREAMED.has(name) && now - at > STREAMED_MS * Math.max(1, speed);
}

function whyMissing(vital, device) {
  if (vital.reason) return vital.reason;
  if (device && device.link !== "up") return "not connected";
  if (device?.silent) return "device silent";
  return vital.at ? "no new value" : "no value yet";
}

// The bed's pressure as one: `value` is {sys, dia} or null.
export function pressure(bed, now, speed) {
  const sys = trusted("sys", bed, now, speed);
  const dia = trusted("dia", bed, now, speed);
  const missing = [sys, dia].find((part) => part.value == null);
  if (!missing) return { ...sys, value: { sys: sys.value, dia: dia.value } };
  const last = sys.last != null && dia.last != null ? `${sys.last}/${dia.last}` : null;
  return { ...missing, last };
}
