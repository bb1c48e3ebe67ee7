// How every component here is written: tagged templates, no build step. Text from the server
// only ever goes through these, which set it as text.
import { h } from "./vendor/preact.js";
import htm from "./vendor/htm.js";
import "./vendor/signals.js";

export const html = htm.bind(h);
