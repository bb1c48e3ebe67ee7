// Who acts on this page: a name that the browser remembers.
import { signal } from "../vendor/signals.js";

const KEY = "postdose.who";

export const who = signal(localStorage.getItem(KEY) ?? "");

export function remember(name) {
  who.value = name.trim();
  localStorage.setItem(KEY, who.value);
}
