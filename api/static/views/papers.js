// What can be printed or taken away of a session; each opens beside the page, which stays.
import { html } from "../html.js";
import { exportOf } from "../state/api.js";

const PAPERS = [
  ["Report", "format=report"],
  ["Monitoring form", "format=form&page=html"],
  ["CSV", "format=csv"],
];

export const Papers = ({ session }) => html`
  <p class="papers">
    ${PAPERS.map(
      ([name, query]) =>
        html`<a key=${name} href=${exportOf(session, query)} target="_blank" rel="noopener">${name}</a>`,
    )}
  </p>
`;
