/**
 * Parameters of the pool's state: unit, meaning, and what another value did where that was tried.
 *
 * @module
 */

/** When what the pool can do is worked out anew. */
export const pool = {
  /** ms between two classifications of nodes; two valuations after corrections; two looks at slowness. */
  classifyMs: 1000,
  refreshMs: 100,
  relaxMs: 5000,
  /** Slots up to which news is taken up at once, and ms for each slot that it waits where there are more. */
  fewSlots: 64,
  eachSlotMs: 0.02,
  /** Slots that a node may have, threads of a run, and least share of its time that it may give. */
  mostSlots: 256,
  mostThreads: 64,
  leastDuty: 0.01,
  /** Nodes of a group, or class, whose profile is asked: more tell no more. */
  sample: 16,
}

/** Which nodes are alike. */
export const classes = {
  /** Factor by which latencies of one class differ; nodes stay until its power of 1.5. */
  alike: 1.35,
  /** Classes at the most. */
  most: 12,
  /** Share of the SLO by which network times of one class differ. */
  near: 0.1,
}

/** What a slot may be given. */
export const slot = {
  /** ms that a batch is sent before the slot is free, beside the network time. */
  leadMs: 2,
  /** Batches of a slot at the most, with those whose results are on their way. */
  mostBatches: 6,
  /** Share of the SLO of another pipeline that a batch may end late by with one behind it. */
  unsure: 0.1,
  /** ms without work after a failure, doubled with each in a row up to 128 times. */
  cooldownMs: 250,
  /** ms, and share of the mean, beyond the upper latency that are jitter of timers and networks. */
  marginMs: 25,
  margin: 0.25,
  /**
   * Times as late as a batch is that it is expected to take still. With 1 queries behind a node that falls
   * silent take 1.33 s in place of 1.23, and one of 30 floods loses 2.3 % of what is let in, not 2.
   */
  later: 2,
  /** ms that the slot of an abandoned batch gets nothing where that is overdue. */
  silentMs: 1000,
  /** ms of a load until one was seen, and weight of the newest. */
  loadMs: 1000,
  loadWeight: 0.3,
}

/** How long a batch is waited for. */
export const batch = {
  /**
   * Times as many attempts for what generates: it is at work for long, and more befalls its nodes. With 1
   * the bench `streams` lost one stream of 1,360; with 2 none of 1,363.
   */
  attempts: 2,
  /** Times, and ms more than, its mean latency; again so many times for each further attempt. */
  giveUp: 4,
  giveUpMs: 2000,
  /** ms more beside a load, or where only this node could do it and never did. */
  slowMs: 10_000,
  /** Times that a node's own time may be off the clock here before the clock is believed. */
  tolerated: 1.5,
}
