// What a display shows of the ward, as its address says: ?kiosk for a wall that nobody works at,
// &beds=bed-1,bed-2 for these only, &sort=room for the order of the configuration. And how many
// tiles go on it in which size. Pure, but for the address.
const asked = new URLSearchParams(location.search);
export const namedBeds = asked.get("beds")?.split(",").map((id) => id.trim()).filter(Boolean);

export const isKiosk = asked.has("kiosk");
export const isByRoom = asked.get("sort") === "room";

// Those of `beds` that this display shows.
export const shownOf = (beds) =>
  namedBeds && beds ? beds.filter(({ id }) => namedBeds.includes(id)) : beds;

// Beds that the address names and the ward does not have.
export const unknownBeds = (beds) =>
  (namedBeds ?? []).filter((id) => !beds?.some((bed) => bed.id === id));

// By size, the largest first: the least width and height of a tile in px, all that it shows, without
// the course, or the strip and the numbers alone.
const SIZES = [
  ["full", 440, 392],
  ["plain", 380, 300],
  ["dense", 280, 214],
];
const GAP = 10;

// {size, columns, rows} so that `count` tiles fit without scrolling, as large as they can be; or null.
export function wallOf(count, width, height) {
  for (const [size, least, high] of SIZES) {
    const ways = Array.from({ length: count }, (_, n) => n + 1)
      .map((columns) => ({ columns, rows: Math.ceil(count / columns) }))
      .map((way) => ({
        ...way,
        size,
        fits: Math.min(
          (width - GAP * (way.columns - 1)) / way.columns / least,
          (height - GAP * (way.rows - 1)) / way.rows / high,
        ),
      }))
      .filter(({ fits }) => fits >= 1);
    if (ways.length) return ways.reduce((best, way) => (way.fits > best.fits ? way : best));
  }
  return null;
}
