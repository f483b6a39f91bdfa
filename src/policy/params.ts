/**
 * All parameters of the scheduler by name, for ablations and for trying another value.
 *
 * @module
 */
import { admit, doubt, retry } from './admit/params.ts'
import { dispatch, hedge } from './dispatch/params.ts'
import { arrivals, common, exploration, fanOut, latency } from './estimate/params.ts'
import { load, place } from './place/params.ts'
import { backlog, fairness, price } from './price/params.ts'
import { batch, classes, pool, slot } from './state/params.ts'
import { trust } from './trust/params.ts'
import { use } from './use/params.ts'

/** All of them, by what they are of. */
const PARAMS: { readonly [of: string]: { [name: string]: unknown } } = {
  admit,
  arrivals,
  backlog,
  batch,
  classes,
  common,
  dispatch,
  doubt,
  exploration,
  fairness,
  fanOut,
  hedge,
  latency,
  load,
  place,
  pool,
  price,
  retry,
  slot,
  trust,
  use,
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
