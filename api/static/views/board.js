// The ward: a tile for each bed, in their order. On a wall all fit without scrolling, or it says
// that they do not.
import { useLayoutEffect, useRef, useState } from "../vendor/preact-hooks.js";
import { plural } from "../format.js";
import { html } from "../html.js";
import { now } from "../state/clock.js";
import { order } from "../state/order.js";
import { isKiosk, shownOf, unknownBeds, wallOf } from "../state/wall.js";
import { beds, courses, status } from "../state/ward.js";
import { Tile } from "./tile.js";

export function Board() {
  const byId = new Map(shownOf(beds.value).map((bed) => [bed.id, bed]));
  const ids = order.value.filter((id) => byId.has(id));
  const place = useRef(null);
  const wall = useWall(place, ids.length);
  const lacks = unknownBeds(beds.value);
  return html`
    <div class="board-place" ref=${place}>
      ${lacks.length > 0 && html`<p class="misfit" role="alert">No such bed here: ${lacks.join(", ")}</p>`}
      ${
        isKiosk &&
        wall === null &&
        html`
          <p class="misfit" role="alert">
            ${plural(ids.length, "bed")} do not fit this screen: scroll, or name fewer in its address, as
            <code>?kiosk&beds=bed-1,bed-2</code>
          </p>
        `
      }
      <div class="board ${wall ? `wall ${wall.size} in-${wall.columns} by-${wall.rows}` : ""}" ref=${(board) => size(board, wall)}>
        ${ids.map(
          (id) => html`
            <${Tile}
              key=${id}
              bed=${byId.get(id)}
              course=${courses.value[id]}
              now=${now.value}
              speed=${status.value.speed}
            />
          `,
        )}
      </div>
    </div>
  `;
}

// The policy of the page forbids style attributes in its HTML, and not these.
function size(board, wall) {
  if (!board) return;
  board.style.gridTemplateColumns = wall ? `repeat(${wall.columns}, minmax(0, 1fr))` : "";
  board.style.gridTemplateRows = wall ? `repeat(${wall.rows}, minmax(0, 1fr))` : "";
}

// How the tiles are laid out on a wall; null where they do not fit, undefined where it is none.
function useWall(place, count) {
  const [room, measure] = useState(null);
  useLayoutEffect(() => {
    if (!isKiosk) return;
    const seen = new ResizeObserver(([{ contentRect: box }]) => measure([box.width, box.height]));
    seen.observe(place.current.parentElement);
    return () => seen.disconnect();
  }, []);
  if (!isKiosk || !room || !count) return undefined;
  return wallOf(count, ...room);
}
