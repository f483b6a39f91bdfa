/**
 * Every number of the scheduler's decisions: unit, meaning, and what halving or doubling it did.
 *
 * @module
 */

/** Prices. */
export const price = {
  /** Accuracy; what an answer in time is worth beside its own accuracy of 0 to 1. */
  served: 10,
  /** Accuracy; paths that differ by less share the flow, so that prices are unique. */
  alike: 1e-3,
  /** Likewise, as a share of what a query pays: in overload prices are those of answers. */
  alikePaid: 0.01,
  /** Likewise of groups, as a share of an item's price. */
  alikeGroup: 0.03,
  /** Least of that, in accuracy: where time costs nothing groups share by nearness alone. */
  alikeItem: 1e-5,
  /** Share of `served` over which a pipeline goes from all served to none. */
  servedWidth: 0.02,
  /** Accuracy that it costs to be as far away as all of the slack. */
  away: 0.1,
  /** Share of a query's slack beyond the quickest group that a slower one may take. */
  slowest: 0.5,
  /** Shares of the capacity for which prices are solved; read off linearly between them. */
  factors: [0.5, 0.7, 0.85, 1, 1.15, 1.3],
  /** ms between two solutions; sooner where a rate differs by the share `jump`. */
  everyMs: 100,
  jump: 0.1,
  /** Share by which the load of a solution may be off its capacity. */
  tolerance: 0.02,
}

/** Feedback of the backlog on the price. */
export const backlog = {
  /** Queued work that is usual, in shares of the slack of its queries. */
  usual: 0.1,
  /** Change of the planned capacity for a backlog longer and shorter than usual, per unit. */
  longer: 1,
  shorter: 3,
  /** Share of the SLO that a batch takes at most where much waits. */
  batchShare: 0.2,
  /** ms over which the mean of what running batches will hand on is taken. */
  handedOnMs: 2000,
}

export const dispatch = {
  /** How alike the lateness of siblings is: 0 each by itself, 1 all or none. */
  joint: 0.5,
  /** Share of the work ahead of a query that is still ahead when an item of it is done. */
  ahead: 1,
  /** Accuracy that it costs to wait, or to travel, for all of the slack. */
  wait: 0.3,
  /** Deviation of the wait for a slot that is busy, as a share of it. */
  spread: 0.5,
  /** Slope of the chance to be in time, per standard deviation. */
  slope: 1.3,
  /** Share of a query's slack that no estimate foresees, as a standard deviation. */
  jitter: 0.02,
  /** Accuracy that one item behind its flow is worth; and the most items that are remembered. */
  deficit: 0.01,
  mostDeficit: 12,
  /** Accuracy by which another group has to be better for an item to be left to it. */
  leave: 1e-3,
  /** Share of its price that a slot gives up that would be idle otherwise. */
  idle: 2,
  /** Least chance to be in time for which an item is run. */
  least: 0.1,
  /** A query is dropped once its quickest path takes more than what is left, over this. */
  doomed: 0.95,
  /** Queries that one pass looks at for each task. */
  look: 6,
  /** An item more in a batch has to take less than this share of what items take. */
  growth: 0.9,
  /** Share of the slack that a small batch waits for more; 0: not at all. */
  delay: 0.03,
  /** Accuracy that calling a resting slot costs. */
  call: 0.03,
  /** A batch longer than this share of another pipeline's SLO leaves slots free for that. */
  long: 0.3,
  /** Weight of the newest batch in the mean duration of batches. */
  alpha: 0.05,
}

export const admit = {
  /** Least and most chance to be in time that lets a query in; between, it is the price. */
  least: 0.05,
  most: 0.95,
  /** Deviation of the wait, as a share of it. */
  spread: 0.1,
}

export const rest = {
  /** Share of its time that a group may be loaded for some of it to rest. */
  busy: 0.97,
  /** ms over which the load is averaged; a change by the factor `jump` starts anew. */
  windowMs: 10_000,
  jump: 1.25,
  /** Share of the SLO that is slack for queues. */
  slack: 0.6,
}

/** All of them, by what they are of. */
const PARAMS: { readonly [of: string]: { [name: string]: number | number[] } } = {
  price,
  backlog,
  dispatch,
  admit,
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
