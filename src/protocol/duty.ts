/**
 * What a volunteer's share of the time leaves for batches.
 *
 * @module
 */

/** Share of a processor that goes into the link, the page and timers, measured in a tab. */
const BESIDES = 0.03

/**
 * Share of the time that batches may take so that all that a node does keeps to its duty. Node and
 * coordinator reckon with the same.
 *
 * @param duty as the volunteer chose it, 0 < duty <= 1; 1 is no limit
 */
export const workingShare = (duty: number): number =>
  duty >= 1 ? 1 : Math.max(duty - BESIDES, duty / 2)
