// @ts-check
/** Where the tiles of a treemap lie. No page needed. */

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */

/**
 * Divide a box into boxes with areas as the weights, each as square as can be: squarified treemaps
 * (Bruls, Huizing, van Wijk 2000, doi:10.1007/978-3-7091-6783-0_4).
 *
 * @param {number[]} weights greater than 0, the greatest first
 * @param {Box} box
 * @returns {Box[]} in the order of the weights
 */
export function squarify(weights, box) {
  /** @type {Box[]} */
  const boxes = [];
  let { x, y, width, height } = box;
  let left = weights.reduce((sum, weight) => sum + weight, 0);
  let at = 0;
  while (at < weights.length) {
    const scale = (width * height) / left;
    const side = Math.min(width, height);
    let end = at + 1;
    let sum = weights[at];
    while (end < weights.length && worst(sum + weights[end], weights[at], weights[end], scale, side) <= worst(sum, weights[at], weights[end - 1], scale, side)) {
      sum += weights[end];
      end += 1;
    }
    const thickness = side > 0 ? (sum * scale) / side : 0;
    let along = 0;
    for (; at < end; at++) {
      const length = sum > 0 ? (side * weights[at]) / sum : 0;
      if (width >= height) boxes.push({ x, y: y + along, width: thickness, height: length });
      else boxes.push({ x: x + along, y, width: length, height: thickness });
      along += length;
    }
    if (width >= height) [x, width] = [x + thickness, Math.max(0, width - thickness)];
    else [y, height] = [y + thickness, Math.max(0, height - thickness)];
    left -= sum;
  }
  return boxes;
}

/**
 * The worst ratio of sides in a row of tiles.
 *
 * @param {number} sum of the row's weights
 * @param {number} greatest @param {number} least
 * @param {number} scale area of weight 1
 * @param {number} side length of the row
 */
function worst(sum, greatest, least, scale, side) {
  const area = sum * scale;
  const square = side * side;
  return Math.max((square * greatest * scale) / (area * area), (area * area) / (square * least * scale));
}

/**
 * The tile that an arrow key goes to: the nearest one in that direction; -1: there is none.
 *
 * @param {string} key @param {Box[]} boxes @param {number} at
 * @returns {number}
 */
export function neighbour(key, boxes, at) {
  const centre = (/** @type {Box} */ box) => [box.x + box.width / 2, box.y + box.height / 2];
  const [x, y] = centre(boxes[at]);
  let best = -1;
  let least = Infinity;
  boxes.forEach((box, i) => {
    const [dx, dy] = [centre(box)[0] - x, centre(box)[1] - y];
    const ahead = { ArrowRight: dx, ArrowLeft: -dx, ArrowDown: dy, ArrowUp: -dy }[key] ?? 0;
    const aside = key === "ArrowRight" || key === "ArrowLeft" ? Math.abs(dy) : Math.abs(dx);
    if (i === at || ahead <= 0.5) return;
    const distance = ahead + 2 * aside;
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}

/**
 * Which of five steps of completeness a part is.
 *
 * @param {number | null} part
 * @returns {"none" | "empty" | "some" | "most" | "done"}
 */
export function step(part) {
  if (part === null) return "none";
  if (part >= 1) return "done";
  if (part >= 0.5) return "most";
  return part > 0 ? "some" : "empty";
}
