/**
 * What a volunteer's share of the time leaves for batches.
 *
 * @module
 */

/** Share of a processor that goes into the link, the page and timers, measured in a tab. */
const BESIDES = 0.03
/** Least duty there is, and most of those that limit anything. */
const LEAST_DUTY = 0.01
const MOST_DUTY = 0.999

/**
 * Share of the time that batches may take so that all that a node does keeps to its duty. Node and
 * coordinator reckon with the same.
 *
 * @param duty as the volunteer chose it, 0 < duty <= 1; 1 is no limit
 */
export const workingShare = (duty: number): number =>
  duty >= 1 ? 1 : Math.max(duty - BESIDES, duty / 2)

/**
 * The other way round: the duty by which batches may take such a share of the time.
 *
 * @param share 0 < share <= 1
 */
export const dutyOf = (share: number): number =>
  share >= 1 ? 1 : Math.max(LEAST_DUTY, Math.min(share + BESIDES, 2 * share, MOST_DUTY))
