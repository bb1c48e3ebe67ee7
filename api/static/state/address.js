// Where the page is: at the ward, at one bed, or in a sheet of that bed. The address says it, so
// that a reload stays there and the browser's own Back closes a sheet.
import { signal } from "../vendor/signals.js";

const PLACE = /^#\/bed\/([^/]+)(?:\/([a-z0-9-]+)(?:\/([^/]+))?)?$/;

function read() {
  const [, bed, sheet = null, record = null] = location.hash.match(PLACE) ?? [];
  return { bed: bed ? decodeURIComponent(bed) : null, sheet, record };
}

// {bed, sheet, record}: each null when it is none.
export const place = signal(read());
addEventListener("hashchange", () => (place.value = read()));

const addressOf = (...parts) =>
  `#/bed/${parts.filter(Boolean).map(encodeURIComponent).join("/")}`;

let opener = null;

export function openSheet(bed, sheet, record = null) {
  const address = addressOf(bed, sheet, record);
  if (place.value.sheet) return replace(address);
  opener = document.activeElement;
  location.hash = address;
}

export function openBed(id) {
  opener = null;
  location.hash = addressOf(id);
}

// Closes the sheet, and gives the focus back to what opened it.
export function closeSheet() {
  const { bed, sheet } = place.value;
  if (!sheet) return;
  replace(addressOf(bed));
  requestAnimationFrame(() => {
    const back = opener?.isConnected ? opener : document.querySelector(".now-bar .main");
    back?.focus();
    opener = null;
  });
}

function replace(address) {
  history.replaceState(null, "", address);
  place.value = read();
}
