/**
 * Parameters of the estimators: unit, meaning, and where the value is from.
 *
 * @module
 */

/** How many queries arrive. */
export const arrivals = {
  /** ms: length of a window that queries are counted in. The artifact of Loki has the same. */
  windowMs: 1000,
  /** Weight of the newest window in the rate of the moment, as in the artifact of Loki. */
  weight: 0.385,
  /** Weight of the newest window in the rate that placement follows, which takes seconds to follow. */
  steady: 0.2,
  /** Deviations from which a count is no chance: 1 in 700 of Poisson arrivals. */
  proven: 3,
  /** Share of a window that shows a jump before the window ends, and ms of a step it is counted in. */
  short: 0.4,
  stepMs: 50,
  /** Windows after which a peak, a floor, or a pipeline that nobody asks for is forgotten. */
  memory: 60,
  /** Deviations that chance adds to a second at the most; a count beyond them was a surge. */
  chance: 4.5,
  /** Share of the time of a query over which a surge is counted. */
  horizon: 0.5,
  /** Share of the time beyond a window that a peak may wait. 0.25 to 0.5 were tried. */
  waiting: 0.3,
  /** Times the steady rate that a peak is at the least. */
  least: 1.1,
  /** Windows that a surge lasts at the least: until a plan is made and loaded for it. */
  surge: 3,
  /** ms in which the rate of a least accuracy forgets, and how many of them are told apart. */
  floorMs: 10_000,
  floors: 4,
  /** Queries/s that some path is planned for where nobody asks. */
  leastPerS: 0.01,
}

/** How many items a variant hands on. */
export const fanOut = {
  /** Items that the pipeline file counts as; and items that the newest weighs against at the most. */
  prior: 10,
  window: 100,
  /** Deviations above the mean that nine of ten counts do not exceed. */
  upper: 1.3,
}

/** How long a batch takes. */
export const latency = {
  /** Share by which a batch that is called off has to be late to say that it is slow. */
  overdue: 0.25,
  /** Least weight of a batch where batches are alike. */
  weight: 0.15,
  /** Relative deviation below which batches are alike: above it a batch moves the estimate less. */
  alike: 0.2,
  /** Weight of the newest batch in its variance, in the mean of errors, in what is usual of it. */
  slowWeight: 0.1,
  /** Weight of the newest in the size of batches, and in times of the network and beside a load. */
  sizeWeight: 0.05,
  networkWeight: 0.2,
  /** Times of what was expected beyond which a batch counts for no more. */
  outlier: 3,
  /** Least relative deviation; that of a guess; that of a node that measured. */
  leastSpread: 0.03,
  guessSpread: 0.25,
  measuredSpread: 0.18,
  /** Deviations above the mean that 95 of 100 batches do not exceed. */
  upper: 1.65,
  /** Batches that a scale of one size counts as, at the most. */
  mostOwn: 10,
  /** Relative deviation of a size from the scale of all: where batches vary more that counts for more. */
  bend: 0.3,
  /** Batches that a measurement counts as. */
  measured: 2,
  /** ms without a batch after which slowness halves, and a common-mode slowdown is for good. */
  fadeMs: 10_000,
  /** Times that a batch takes beside a load, until one was seen; and at the most. */
  besideLoad: 2,
  mostBesideLoad: 8,
  /** ms of an item of a variant that nobody measured and the pipeline file says nothing of. */
  unknownMs: 100,
  /** Nodes that left and are remembered: as many as the store keeps. */
  mostGone: 2000,
}

/** What befalls all variants of a node, or all nodes, at once. */
export const common = {
  /** Deviations beyond which a batch is an outlier; least deviation, as a logarithm. */
  deviations: 2.5,
  leastDeviation: 0.1,
  /** Deviation of a measurement from what batches take, as a logarithm. */
  measured: 0.35,
  /** Batches after which a guess is established. */
  established: 5,
  /** Likelihood, as a logarithm, that proves a change. */
  enough: 9,
  /**
   * What one batch adds to it at the most, and nodes that show it at the least; likewise variants of a node,
   * which have its processors in common: two batches may prove it, where batches are alike.
   */
  pool: { mostEach: 1.5, witnesses: 3 },
  node: { mostEach: 4.5, witnesses: 2 },
  /** Share of the nodes, or variants, of the latest batches that show it at the least. */
  share: 1 / 3,
  latest: 64,
}

/** Batches of sizes, and variants, that a node has yet to run. */
export const exploration = {
  /** Batches that say what a size takes; or that were lost, until no other is tried. */
  tries: 3,
  /** Times between two sizes that are told apart. */
  apart: 1.5,
  /** Share of the time of an item at half the size below which twice the size pays. */
  pays: 0.95,
  /** Largest size that is tried. */
  most: 64,
  /** Ratio, as a logarithm, that chance explains: less is not believed of what did not run. */
  chance: 0.05,
  /** Deviations by which a variant that did not run is hoped to be better, and most of it. */
  hope: 1.5,
  mostHope: 0.3,
}
