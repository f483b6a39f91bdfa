/**
 * Parameters of dispatch: unit, meaning, and what another value did where that was tried.
 *
 * @module
 */
/** What a slot with room does. */
export const dispatch = {
  /** Deviation of the wait for a busy slot, as a share of it. 0.25: half far 0.5 to 1.7 % lost. */
  spread: 0.5,
  /** Accuracy that an item behind its flow is worth; and the most items that are remembered. */
  deficit: 0.01,
  mostDeficit: 12,
  /** Accuracy by which another group has to be better for an item to be left to it. */
  leave: 1e-3,
  /** Share of its price that a slot gives up that would be idle. 0.5: unlike 60/s -0.4 points. */
  idle: 2,
  /** Least chance to be in time for which an item is run. */
  least: 0.1,
  /** A query is dropped once so much of its quickest path is more than it has left. */
  doomed: 0.95,
  /** Queries of each task that one pass looks at. 16: unlike 60/s as good, a third slower. */
  look: 6,
  /** ms after which an item that was left for later is offered again, though no slot has become better. */
  againMs: 5,
  /** An item more in a batch has to take less than this share of what items take. */
  growth: 0.9,
  /** Share of the slack that a small batch waits for more; 0: not at all. */
  delay: 0.03,
  /** Accuracy: cost of calling a resting slot for a batch. 0.15: 7.3 nodes of 18 are active at 50 queries/s, not 6.1. */
  call: 0.3,
  /** A batch longer than this share of another pipeline's SLO leaves slots free for that. */
  long: 0.3,
  /** Weight of the newest batch in the mean duration of batches. */
  alpha: 0.05,
}
