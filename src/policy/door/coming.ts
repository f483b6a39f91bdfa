/**
 * Those who come meanwhile, where pipelines share slots and a queue stands. The most urgent go first,
 * so whoever can wait for long stands behind all who come with less time while it waits, not only
 * behind those who are here. Were it let in without them the queue would grow until it is as long as
 * the most patient can wait. By then these are the most urgent, nobody can spare anything for who has
 * less time, and all of those are refused.
 *
 * What is kept free for others is seven tenths of what they ask, since next to a queue that stands
 * not all of them are let in; more while fewer of them are let in than of the pipeline that asks,
 * and less while it is the other way, so that all are served about the same share, by weight. Those who
 * weigh more are others whatever time they have, as far as fewer of them are let in than they weigh.
 *
 * @module
 */
import type { Tails } from '../lookahead/tails.ts'
import type { Island } from '../pool/islands.ts'
import type { PipelineShape } from '../shape.ts'

export interface Coming {
  /** Of each pipeline the queries per second that are planned for. */
  adopt(ratesPerS: ReadonlyMap<string, number>): void
  /** One came that could be done in its time, were the pool idle. */
  came(pipeline: string, letIn: boolean, nowMs: number): void
  /**
   * Time of the whole island for those of its other pipelines who will come, and go before a query
   * that has so much time left.
   */
  aheadMs(own: PipelineShape, leftMs: number, island: Island, tails: Tails): number
}

const KEPT = 0.7
/** What is kept is all where of the others fewer are let in by three fiftieths of those who ask. */
const FAIR = 5
/** Who is let in is a mean of so long, and of no fewer queries than this. */
const MEMORY_MS = 2000
const MEMORY = 10

const weightOf = ({ pipeline: { weight = 1 } }: PipelineShape) => weight
const shareOf = (kept: number) => Math.min(Math.max(kept, 0), 1)

interface Own {
  /** Share of the queries that are let in. */
  letIn: number
  atMs: number
}

export function createComing(): Coming {
  let ratesPerS: ReadonlyMap<string, number> = new Map()
  const seen = new Map<string, Own>()
  /** Of one that weighs twice as much twice the share is to be served. */
  const letInOf = (shape: PipelineShape) => (seen.get(shape.name)?.letIn ?? 1) / weightOf(shape)

  return {
    adopt(next) {
      ratesPerS = next
      for (const name of seen.keys()) if (!next.has(name)) seen.delete(name)
    },
    came(pipeline, letIn, nowMs) {
      let own = seen.get(pipeline)
      if (own === undefined) seen.set(pipeline, own = { letIn: 1, atMs: nowMs })
      const news = Math.min(1 - Math.exp((own.atMs - nowMs) / MEMORY_MS), 1 / MEMORY)
      own.letIn += ((letIn ? 1 : 0) - own.letIn) * news
      own.atMs = nowMs
    },
    aheadMs(own, leftMs, { pipelines }, tails) {
      if (!(leftMs < Infinity)) return 0
      let askedMs = 0
      let keptMs = 0
      for (const other of pipelines) {
        const perMs = (ratesPerS.get(other.name) ?? 0) / 1000
        const partMs = perMs * (tails.quickest(other.start, 0)?.poolMs ?? 0)
        askedMs += partMs
        if (other === own) continue
        const ahead = letInOf(own) - letInOf(other)
        const meanwhileMs = Math.max(0, leftMs - other.pipeline.sloMs)
        keptMs += shareOf(KEPT + FAIR * ahead) * meanwhileMs * partMs
        if (weightOf(other) <= weightOf(own)) continue
        // Who weighs more goes before however much time it has, as far as some of it is refused.
        const refused = 1 - (seen.get(other.name)?.letIn ?? 1)
        const restMs = Math.max(0, leftMs) - meanwhileMs
        keptMs += shareOf(FAIR * Math.min(ahead, refused)) * restMs * partMs
      }
      // They cannot have more than there is.
      return keptMs / Math.max(askedMs, 1)
    },
  }
}
