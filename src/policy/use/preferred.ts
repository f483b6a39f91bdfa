/**
 * What the pool is run for at the moment: the most that any query of the last seconds prefers.
 *
 * @module
 */
import { type Prefer, PREFERENCES } from '../core/elastic.ts'
import type { PipelineShape } from '../core/graph.ts'
import { use } from './params.ts'

export class Preferred {
  /** When a query last came for which that held, and one that did not ask for it itself. */
  private readonly lastMs = new Map<Prefer, number>()
  private readonly plainMs = new Map<Prefer, number>()

  /** @param pool where neither a query nor its pipeline says */
  constructor(private readonly pool: Prefer = 'balanced') {}

  /** A query came. Returns what holds for it. */
  asked({ pipeline }: PipelineShape, own: Prefer | undefined, nowMs: number): Prefer {
    const one = own ?? pipeline.prefer ?? this.pool
    this.lastMs.set(one, nowMs)
    if (own === undefined) this.plainMs.set(one, nowMs)
    return one
  }

  now(nowMs: number): Prefer {
    return PREFERENCES.filter((one) => isRecent(this.lastMs.get(one), nowMs)).at(-1) ?? this.pool
  }

  /** Whether whoever runs the pool wants all of it: a query alone has no volunteer download anything. */
  wantsAll(nowMs: number): boolean {
    return this.pool === 'sooner' || isRecent(this.plainMs.get('sooner'), nowMs)
  }
}

const isRecent = (atMs = -Infinity, nowMs: number): boolean => nowMs - atMs <= use.windowMs
