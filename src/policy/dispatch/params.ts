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
  /**
   * Queries of each task that one pass leaves to slots that are busy, as a share of all slots, and their
   * least number. 0.05: 72 nodes at four times Figure 5's demand lose 3.7 %, not 0.2. At least 6: unlike 60/s -0.3 points.
   */
  look: 0.11,
  leastLook: 2,
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
  /**
   * Share of the shortest SLO that a batch of queries with time to spare takes at most: without, 1.9 % of
   * the queries beside a job are late where each minute a node is killed.
   */
  brief: 0.1,
  /** Weight of the newest batch in the mean duration of batches. */
  alpha: 0.05,
  /** ms that a batch takes until one was seen. */
  firstBatchMs: 20,
}

/** Batches that are begun once more elsewhere. */
export const hedge = {
  /** Those, as a share of all batches, and so many at once after a quiet time. */
  share: 0.03,
  most: 4,
  /** Share of the slack of its queries, or of what is left of that, by which a batch is late that hangs. */
  hangs: 0.4,
  /** Share by which it is late if others wait behind it: those lose nothing by going elsewhere. */
  blocks: 0.2,
  /** ms until it is looked again for a free slot: at the least for each batch under way, and in any case. */
  eachMs: 1 / 64,
  againMs: 20,
}
