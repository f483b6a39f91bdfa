/**
 * What the pool is run for at the moment: the most that any query of the last seconds prefers.
 *
 * @module
 */
import { type Prefer, PREFERENCES } from '../core/elastic.ts'
import type { PipelineShape } from '../core/graph.ts'
import { use } from './params.ts'

export class Preferred {
  private readonly lastMs = new Map<Prefer, number>()

  /** @param pool where neither a query nor its pipeline says */
  constructor(private readonly pool: Prefer = 'balanced') {}

  /** A query came. Returns what holds for it. */
  asked({ pipeline }: PipelineShape, own: Prefer | undefined, nowMs: number): Prefer {
    const one = own ?? pipeline.prefer ?? this.pool
    this.lastMs.set(one, nowMs)
    return one
  }

  now(nowMs: number): Prefer {
    const heard = PREFERENCES.filter((one) =>
      nowMs - (this.lastMs.get(one) ?? -Infinity) <= use.windowMs
    )
    return heard.at(-1) ?? this.pool
  }
}
