/**
 * The preference of the pool: the most demanding of the queries of the last seconds.
 *
 * @module
 */
import { type Prefer, PREFERENCES } from '../core/elastic.ts'
import type { PipelineShape } from '../core/graph.ts'
import { use } from './params.ts'

export class Preferred {
  /** By preference: when a query last came with it; and one that took it from its pipeline or the pool. */
  private readonly lastMs = new Map<Prefer, number>()
  private readonly plainMs = new Map<Prefer, number>()

  /** @param pool preference if neither a query nor its pipeline has one */
  constructor(private readonly pool: Prefer = 'balanced') {}

  /** Records a query. Returns its preference. */
  record({ pipeline }: PipelineShape, own: Prefer | undefined, nowMs: number): Prefer {
    const one = own ?? pipeline.prefer ?? this.pool
    this.lastMs.set(one, nowMs)
    if (own === undefined) this.plainMs.set(one, nowMs)
    return one
  }

  now(nowMs: number): Prefer {
    return PREFERENCES.filter((one) => isRecent(this.lastMs.get(one), nowMs)).at(-1) ?? this.pool
  }

  /** Whether the pool or a pipeline, not a query, wants `sooner`: a query alone causes no downloads. */
  wantsAll(nowMs: number): boolean {
    return this.pool === 'sooner' || isRecent(this.plainMs.get('sooner'), nowMs)
  }
}

const isRecent = (atMs = -Infinity, nowMs: number): boolean => nowMs - atMs <= use.windowMs
