/**
 * How much of a usual batch's time an item has to reckon with. Under load items share batches with
 * those of other queries. Where all queries have about as much time these last as long as batches
 * usually do: who counts on less has slots run short ones, and the pool carries less. Where some have
 * much less time than others, a batch that these are in grows by what they can spare, and it is
 * patient queries that fill the long ones; unless there are more of them than the pool carries.
 *
 * @module
 */
import { createHaste, type Haste } from '../demand/haste.ts'
import { isAllServed } from '../frontier/mix.ts'
import type { Targets } from '../frontier/targets.ts'
import type { PipelineShape } from '../shape.ts'

/** Who has such a share of what is usual has about as much. */
const ALIKE = 0.8
/** The usual is of about so many queries. */
const MEMORY = 50

export interface Sharing {
  /** A query of the pipeline came that has so much time beside what its quickest way takes. */
  saw(pipeline: PipelineShape, laxityMs: number): void
  /** Share of the time of a usual batch, above 0 and at most 1, that items of the pipeline reckon with. */
  of(pipeline: PipelineShape): number
}

/** Only queries of one pipeline are ever in one batch, so each pipeline has its own. */
interface OfPipeline {
  haste: Haste
  usualMs: number
}

export function createSharing(targets: Pick<Targets, 'pipelines'>): Sharing {
  const known = new WeakMap<PipelineShape, OfPipeline>()
  const refusesSome = ({ name }: PipelineShape) =>
    targets.pipelines().some((mix) => mix.pipeline === name && !isAllServed(mix))
  return {
    saw(pipeline, laxityMs) {
      if (!(laxityMs > 0)) return
      let own = known.get(pipeline)
      if (own === undefined) known.set(pipeline, own = { haste: createHaste(), usualMs: laxityMs })
      own.haste.saw(laxityMs)
      own.usualMs += (laxityMs - own.usualMs) / MEMORY
    },
    of(pipeline) {
      const own = known.get(pipeline)
      if (own === undefined || refusesSome(pipeline)) return 1
      // With few slots the hasty wait for long batches all the same: so less than in proportion.
      return Math.min(1, Math.cbrt(own.haste.laxityMs / (ALIKE * own.usualMs)))
    },
  }
}
