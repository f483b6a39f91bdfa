/**
 * The backlog: queued work as a share of what the pool does in the time that its queries can wait. The
 * price follows it: a longer backlog is planned for with less capacity, a shorter one with more.
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
  /** Mean of what running batches will hand on; undefined before anything was seen. */
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

  /** It grows with what running batches will hand on beyond the mean of that. */
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

/** How long a query of the pipeline can wait, at the least a tenth of its SLO. */
const slackOf = ({ pipeline: { sloMs }, start }: PipelineShape, paths: Paths): number =>
  Math.max(0.1 * sloMs, sloMs - (paths.quickest(start, 0)?.chainMs ?? 0))
