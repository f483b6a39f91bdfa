/**
 * The backlog: queued work as a share of the work the pool does in the time its queries can wait. It sets
 * the price: the longer the backlog, the smaller the share of the capacity that prices are solved for.
 *
 * @module
 */
import type { FanOut } from '../estimate/fanout.ts'
import type { Flights } from '../state/flights.ts'
import type { Waiting } from '../state/waiting.ts'
import type { PipelineShape, Shapes } from '../core/graph.ts'
import type { Market } from './market.ts'
import { backlog } from './params.ts'
import type { Paths } from './paths.ts'

export class Backlog {
  /** Moving mean of the work that running batches will hand on; undefined before the first call. */
  private handedOn: number | undefined
  private atMs = 0

  constructor(
    private readonly parts: {
      shapes: Shapes
      waiting: Waiting
      flights: Pick<Flights, 'running'>
      fanOut: Pick<FanOut, 'mean'>
    },
  ) {}

  /** The backlog. It counts work that running batches will hand on only above the mean of that work. */
  share(market: Market, paths: Paths, nowMs: number): number {
    const { shapes, waiting, flights, fanOut } = this.parts
    let queued = 0
    let coming = 0
    for (const shape of shapes.pipelines.values()) {
      const slackMs = slackOf(shape, paths)
      for (const task of shape.tasks) {
        const { index, next, variants } = task
        queued += waiting.load(task) * (market.taskMs[index] ?? 0) / slackMs
        if (next.length === 0) continue
        for (const variant of variants) {
          const running = flights.running[variant.index] ?? 0
          if (running === 0) continue
          next.forEach((then, child) => {
            const ms = market.taskMs[then.index] ?? 0
            coming += running * fanOut.mean(variant, child) * ms / slackMs
          })
        }
      }
    }
    const weight = 1 - Math.exp((this.atMs - nowMs) / backlog.handedOnMs)
    this.atMs = nowMs
    this.handedOn ??= coming
    this.handedOn += weight * (coming - this.handedOn)
    const duty = market.problem.duties.reduce((sum, one) => sum + one, 0)
    return Math.max(0, queued + coming - this.handedOn) / Math.max(duty, 1e-9)
  }
}

/** Time that a query of the pipeline can wait, in ms: at least a tenth of its SLO. */
const slackOf = ({ pipeline: { sloMs }, start }: PipelineShape, paths: Paths): number =>
  Math.max(0.1 * sloMs, sloMs - (paths.quickest(start, 0)?.chainMs ?? 0))
