// A signal whose value this tab keeps over a reload.
import { effect, signal } from "../vendor/signals.js";

// `keep` gives the part that is worth keeping.
export function kept(key, blank, keep = (value) => value) {
  const of = signal(JSON.parse(sessionStorage.getItem(key) ?? "null") ?? blank);
  effect(() => sessionStorage.setItem(key, JSON.stringify(keep(of.value))));
  return of;
}
