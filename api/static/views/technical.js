// What a technician wants to know and a nurse need not read: behind a fold.
import { html } from "../html.js";

export const Technical = ({ children }) => html`
  <details class="technical">
    <summary>For the technician</summary>
    <div>${children}</div>
  </details>
`;
