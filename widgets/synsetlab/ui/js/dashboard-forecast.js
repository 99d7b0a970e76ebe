// @ts-check
/** When it will be done, at the pace of late. */

const DAY = 24;
const FEWEST = 4;

/**
 * Hours until so many votes are there, if people go on as in the last day; null where that cannot be said.
 *
 * A whole day, for people sleep: in the morning the last hours are no pace. Where a stretch is as long as a
 * day, the last few, for the last one is not over yet.
 *
 * @param {number} votes
 * @param {{ hours: number, points: { votes: number }[] }} time
 * @returns {number | null}
 */
export function hoursLeft(votes, { hours, points }) {
  const late = points.slice(-Math.max(FEWEST, Math.ceil(DAY / hours)));
  const given = late.reduce((sum, point) => sum + point.votes, 0);
  return given > 0 && hours * late.length >= 1 ? (votes * hours * late.length) / given : null;
}
