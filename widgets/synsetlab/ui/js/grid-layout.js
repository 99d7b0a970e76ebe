// @ts-check
/** Where tiles are: pure geometry of a grid of equal squares that scrolls. */

/**
 * @typedef {object} Layout
 * @property {number} count
 * @property {number} columns
 * @property {number} rows
 * @property {number} size height of a tile, px
 * @property {number} wide width of a tile, px; the same but where there is one tile a screen
 * @property {number} gap px
 * @property {number} pitch from the top of a row to the top of the next, px
 * @property {number} height of all rows, px
 */

/**
 * Fit as many columns as leave each tile at least `least` wide; never fewer than two where two
 * tiles of 96 px have room.
 *
 * @param {number} width px
 * @param {number} count
 * @param {number} least px
 * @param {number} gap px
 * @returns {Layout}
 */
export function gridLayout(width, count, least, gap) {
  const fitting = Math.floor((width + gap) / (least + gap));
  const two = width >= 2 * 96 + gap ? 2 : 1;
  const columns = Math.max(1, two, fitting);
  const size = Math.max(1, (width - gap * (columns - 1)) / columns);
  const rows = Math.ceil(count / columns);
  const pitch = size + gap;
  return { count, columns, rows, size, wide: size, gap, pitch, height: rows ? rows * pitch - gap : 0 };
}

/**
 * One tile a screen, as large as it.
 *
 * @param {number} width px
 * @param {number} count
 * @param {number} room height of the screen, px
 * @param {number} gap px
 * @returns {Layout}
 */
export function singleLayout(width, count, room, gap) {
  const size = Math.max(160, room);
  return { count, columns: 1, rows: count, size, wide: width, gap, pitch: size + gap, height: count ? count * (size + gap) - gap : 0 };
}

/**
 * The tiles that a rectangle touches, in order.
 *
 * @param {Layout} layout
 * @param {{ left: number, right: number, top: number, bottom: number }} box within the grid, px
 * @returns {number[]}
 */
export function tilesTouched(layout, { left, right, top, bottom }) {
  const { columns, size, wide, gap, pitch, count } = layout;
  const step = wide + gap;
  const found = [];
  for (let row = Math.max(0, Math.floor(top / pitch)); row < layout.rows && row * pitch <= bottom; row += 1) {
    if (row * pitch + size < top) continue;
    for (let column = Math.max(0, Math.floor(left / step)); column < columns && column * step <= right; column += 1) {
      const index = row * columns + column;
      if (column * step + wide >= left && index < count) found.push(index);
    }
  }
  return found;
}

/**
 * The rows that are on the screen, and `spare` more on either side.
 *
 * @param {Layout} layout
 * @param {number} top of the screen within the grid, px
 * @param {number} room height of the screen, px
 * @param {number} [spare]
 * @returns {[number, number]} first row and the one after the last
 */
export function rowsBetween(layout, top, room, spare = 0) {
  const first = Math.floor((top + layout.gap) / layout.pitch) - spare;
  const last = Math.ceil((top + room) / layout.pitch) + spare;
  const clamp = (/** @type {number} */ row) => Math.max(0, Math.min(layout.rows, row));
  return [clamp(first), Math.max(clamp(first), clamp(last))];
}

/**
 * The tiles of which at least half is on the screen, as first index and the one after the last.
 *
 * @param {Layout} layout
 * @param {number} top
 * @param {number} room
 * @returns {[number, number]}
 */
export function tilesInSight(layout, top, room) {
  const half = layout.size / 2;
  const first = Math.max(0, Math.ceil((top - half) / layout.pitch));
  const last = Math.min(layout.rows, Math.floor((top + room - half) / layout.pitch) + 1);
  return [Math.min(layout.count, first * layout.columns), Math.min(layout.count, Math.max(first, last) * layout.columns)];
}

/**
 * Where the focus goes from `index`; it stays where there is nothing in that direction.
 *
 * @param {Layout} layout
 * @param {number} index
 * @param {"left" | "right" | "up" | "down" | "row-start" | "row-end" | "first" | "last" | "page-up" | "page-down"} way
 * @param {number} room height of the screen, px
 * @returns {number}
 */
export function moved(layout, index, way, room) {
  const { columns, count } = layout;
  const last = count - 1;
  const rows = Math.max(1, Math.floor((room + layout.gap) / layout.pitch));
  const row = index - (index % columns);
  switch (way) {
    case "left": return Math.max(0, index - 1);
    case "right": return Math.min(last, index + 1);
    case "up": return index - columns >= 0 ? index - columns : index;
    case "down": return index + columns <= last ? index + columns : row + columns <= last ? last : index;
    case "row-start": return row;
    case "row-end": return Math.min(last, row + columns - 1);
    case "first": return 0;
    case "last": return last;
    case "page-up": return index - columns * Math.min(rows, Math.floor(index / columns));
    case "page-down": {
      const below = Math.floor(last / columns) - Math.floor(index / columns);
      return Math.min(last, index + columns * Math.min(rows, below));
    }
  }
}

/**
 * The scroll position nearest to `top` at which the tile is wholly on the screen.
 *
 * @param {Layout} layout
 * @param {number} index
 * @param {number} top
 * @param {number} room
 * @param {number} margin kept free above and below, px
 * @returns {number}
 */
export function scrolledTo(layout, index, top, room, margin) {
  const y = Math.floor(index / layout.columns) * layout.pitch;
  if (y - margin < top) return y - margin;
  if (y + layout.size + margin > top + room) return Math.min(y - margin, y + layout.size + margin - room);
  return top;
}
