// How the links of a bed's devices do, asked while somebody looks at them.
import { useEffect, useState } from "../vendor/preact-hooks.js";
import { getDeviceLinks } from "./api.js";

const EVERY_MS = 2000;

// By device, or null until it is known and while nobody `looks`.
export function useDeviceLinks(bed, looks) {
  const [links, put] = useState(null);
  useEffect(() => {
    if (!looks) return put(null);
    const ask = () =>
      getDeviceLinks(bed).then(
        (items) => put(Object.fromEntries(items.map((one) => [one.id, one]))),
        () => put(null),
      );
    ask();
    const timer = setInterval(ask, EVERY_MS);
    return () => clearInterval(timer);
  }, [bed, looks]);
  return links;
}
