/**
 * Parameters of prices: unit, meaning, and what another value did where that was tried.
 *
 * @module
 */
/** Prices. */
export const price = {
  /** Accuracy: what an answer in time is worth beside its own accuracy of 0 to 1. */
  served: 10,
  /** Accuracy: paths that differ by less share the flow, which makes prices unique. */
  alike: 1e-3,
  /** Likewise, as a share of what a query pays: in overload prices are those of answers. */
  alikePaid: 0.01,
  /** Likewise of groups, as a share of an item's price; and the least of that, in accuracy. */
  alikeGroup: 0.03,
  alikeItem: 1e-5,
  /** Accuracy: cost of being as far away as all of the slack. 0.01 loses 3.5 % of half far nodes. */
  away: 0.1,
  /** Share of `served` over which a pipeline goes from all served to none. */
  servedWidth: 0.02,
  /** Share of the slack beyond the quickest group that a slower group may take for a variant. */
  slowest: 0.7,
  /** Shares of the capacity for which prices are solved; between them they are read off. */
  factors: [0.002, 0.01, 0.05, 0.2, 0.35, 0.5, 0.7, 0.85, 1, 1.15, 1.3],
  /** ms between two solutions; sooner where a rate differs by the share `jump`. */
  everyMs: 100,
  jump: 0.1,
  /**
   * Slope of the chance to be in time, per deviation. Noise of CV 1 loses 2.7 % with 1.12, 3.2 with 1.17 and
   * more the steeper it is; the rest hardly changes.
   */
  slope: 1.12,
  /** Share of the slack that no estimate foresees, as a deviation. */
  jitter: 0.02,
  /** Accuracy: cost of waiting, or travelling, for all of the slack. 0.1: half far 0.04 to 0.2 % lost. */
  wait: 0.3,
  /** Share by which the load of a solution may be off its capacity. */
  tolerance: 0.05,
  /** ms between two looks at the rates for a jump. */
  ratesMs: 10,
  /** Queries/s, beyond that share, by which the demand has to have fallen for a jump. */
  jumpPerS: 2,
  /** Duty of a slot that is overdue and not heard of: its node may be gone. */
  silentDuty: 0.1,
  /** Paths that are kept behind a prefix. */
  mostPaths: 16,
  /** Times the demand, for each group, that leaves no group idle: what a station can do at the most. */
  overload: 50,
  /** Items of a query, in the mean, from which a group counts for how long they take together. */
  leastPart: 0.5,
}

/** Feedback of the backlog on the price. */
export const backlog = {
  /** Backlog that is usual, in shares of the slack. 0.2: unlike devices 60/s +0.5 points, 240/s -0.2. */
  usual: 0.1,
  /**
   * How much of what is queued beyond that counts as demand: with 1 half far nodes lose 0.15 to 0.6 %, with
   * 2 Figure 5 loses 0.07 points. And growth of the capacity where less is queued, per unit.
   */
  longer: 1.2,
  shorter: 3,
  /** Share of the SLO that a batch takes longer than one item, at most, where much waits. */
  batchShare: 0.2,
  /** ms over which the mean of what running batches will hand on is taken. */
  handedOnMs: 2000,
  /** Factors of the capacity for each doubling that are told apart. */
  factorSteps: 24,
}

export const fairness = {
  /** Steps in which shares are halved down to. */
  halvings: 20,
  /** Queries of a pipeline with a small share that may be let in at once. */
  mostCredit: 4,
}
