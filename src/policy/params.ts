/**
 * Every number of the scheduler's decisions: unit, meaning, and what another value did where that was tried.
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
  slowest: 0.5,
  /** Shares of the capacity for which prices are solved; between them they are read off. */
  factors: [0.002, 0.01, 0.05, 0.2, 0.35, 0.5, 0.7, 0.85, 1, 1.15, 1.3],
  /** ms between two solutions; sooner where a rate differs by the share `jump`. */
  everyMs: 100,
  jump: 0.1,
  /** Share by which the load of a solution may be off its capacity. */
  tolerance: 0.02,
}

/** Feedback of the backlog on the price. */
export const backlog = {
  /** Backlog that is usual, in shares of the slack. 0.2: unlike devices 60/s +0.5 points, 240/s -0.2. */
  usual: 0.1,
  /** How much of what is queued beyond that counts as demand; growth of capacity where less is, per unit. */
  longer: 1,
  shorter: 3,
  /** Share of the SLO that a batch takes longer than one item, at most, where much waits. */
  batchShare: 0.2,
  /** ms over which the mean of what running batches will hand on is taken. */
  handedOnMs: 2000,
}

/** What a slot with room does. */
export const dispatch = {
  /** How alike the lateness of siblings is, from 0, each by itself, to 1. 0: unlike 60/s -0.8 points. */
  joint: 0.5,
  /** Accuracy: cost of waiting, or travelling, for all of the slack. 0.1: half far 0.04 to 0.2 % lost. */
  wait: 0.3,
  /** Deviation of the wait for a busy slot, as a share of it. 0.25: half far 0.5 to 1.7 % lost. */
  spread: 0.5,
  /** Slope of the chance to be in time, per deviation. 1.7: noise of CV 1 loses 5.3, not 3 %. */
  slope: 1.3,
  /** Share of the slack that no estimate foresees, as a deviation. */
  jitter: 0.02,
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
  /** Share of the shortest SLO for which an arrival alone is no reason to look again, if nothing was sent. */
  quiet: 0.005,
  /** An item more in a batch has to take less than this share of what items take. */
  growth: 0.9,
  /** Share of the slack that a small batch waits for more; 0: not at all. */
  delay: 0.03,
  /** A variant that is being loaded is waited for if it is there after so much of the time for that. */
  loaded: 0.5,
  /** Accuracy: cost of calling a resting slot. */
  call: 0.03,
  /** A batch longer than this share of another pipeline's SLO leaves slots free for that. */
  long: 0.3,
  /** Weight of the newest batch in the mean duration of batches. */
  alpha: 0.05,
}

export const admit = {
  /** Least and most chance to be in time that lets a query in; between them it is the price. */
  least: 0.5,
  most: 0.95,
  /** Deviation of the wait, as a share of it. */
  spread: 0.1,
}

export const fairness = {
  /** Steps in which shares are halved down to. */
  halvings: 20,
  /** Queries of a pipeline with a small share that may be let in at once. */
  mostCredit: 4,
}

export const rest = {
  /** Share of its time that a group may be loaded for some of it to rest. */
  busy: 0.97,
  /** ms over which the load is averaged; a change by the factor `jump` begins anew. */
  windowMs: 10_000,
  jump: 1.25,
  /** Share of the SLO that queues may take; and of queries that may wait longer. */
  slack: 0.6,
  waits: 0.5,
  /** Share of the accuracy that queues may cost; prices shorten them, so about a twentieth of it is lost. */
  loss: 0.025,
  /** Slots beyond the load, at most. */
  most: 64,
}

/** All of them, by what they are of. */
const PARAMS: { readonly [of: string]: { [name: string]: number | number[] } } = {
  price,
  backlog,
  dispatch,
  admit,
  fairness,
  rest,
}

/** Values by name, as `dispatch.delay`. */
export interface ParamValues {
  readonly [name: string]: number
}

/**
 * Runs something with other values, as ablations do, and takes them back.
 *
 * @throws RangeError for a name that no number has
 */
export function withParams<T>(values: ParamValues, run: () => T): T {
  const before = Object.entries(values).map(([path, value]) => {
    const [of = '', name = ''] = path.split('.')
    const own = Object.hasOwn(PARAMS, of) ? PARAMS[of]! : {}
    const known = Object.hasOwn(own, name) ? own[name] : undefined
    if (typeof known !== 'number') {
      throw new RangeError(`Cannot set ${path}: there are ${paramNames().join(', ')}`)
    }
    return { own, name, value, known }
  })
  for (const { own, name, value } of before) own[name] = value
  try {
    return run()
  } finally {
    for (const { own, name, known } of before) own[name] = known
  }
}

export const paramNames = (): string[] =>
  Object.entries(PARAMS).flatMap(([of, own]) =>
    Object.keys(own).filter((name) => typeof own[name] === 'number').map((name) => `${of}.${name}`)
  )
