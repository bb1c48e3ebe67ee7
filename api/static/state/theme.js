// Day or night: as the system has it, until somebody chooses; the choice is kept in this browser.
import { effect, signal } from "../vendor/signals.js";

const KEY = "postdose.theme";
const NEXT = { auto: "night", night: "day", day: "auto" };

export const theme = signal(localStorage.getItem(KEY) in NEXT ? localStorage.getItem(KEY) : "auto");

export function nextTheme() {
  theme.value = NEXT[theme.value];
  localStorage.setItem(KEY, theme.value);
}

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});
