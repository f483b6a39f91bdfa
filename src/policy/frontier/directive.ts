/**
 * What the controller tells the dispatchers: plain data.
 *
 * @module
 */
import type { Mix } from './mix.ts'

export interface Directive {
  epoch: number
  mix: Mix
  /** By key of group: slots that should take part; the nodes of the others rest. */
  awake: ReadonlyMap<string, number>
  /** By key of group: share of the pool that a slot's time is. */
  prices: ReadonlyMap<string, number>
  /** Share of a query's laxity that decisions leave alone. */
  keep: number
  /** Of each pipeline the queries per second that the mix was made for. */
  ratesPerS: ReadonlyMap<string, number>
}
