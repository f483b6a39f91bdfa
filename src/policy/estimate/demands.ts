/**
 * The demand of each pipeline, by minimum accuracy.
 *
 * @module
 */
import { Demand as Seen, type Peak } from './demand.ts'
import { levelOf, type PipelineShape, type Shapes } from '../core/graph.ts'
import { arrivals as A } from './params.ts'

/** Rate of a pipeline's queries; `level` is the position of their minimum accuracy among its paths'. */
export interface Demand {
  shape: PipelineShape
  ratePerS: number
  level: number
}

export interface Floor {
  /** Minimum accuracy, 0 to 1. */
  accuracy: number
  /** Queries per second that ask for it. */
  ratePerS: number
}

/** Demand of one pipeline as input to placement. */
export interface PlaceDemand {
  ratePerS: number
  peak: Peak
  floors: Floor[]
}

interface Count {
  /** Decaying count, its start, and the time it was last updated. */
  sum: number
  sinceMs: number
  lastMs: number
}

/** Rates by minimum accuracy: slots that cannot hold all variants must hold those that reach them. */
export class Floors {
  private readonly counts = new Map<number, Count>()

  /** Number of minimum accuracies remembered. */
  get size(): number {
    return this.counts.size
  }

  /** Counts a query with this minimum accuracy. */
  count(accuracy: number, nowMs: number, share = 1): void {
    const one = this.counts.get(accuracy)
    if (one === undefined) {
      this.counts.set(accuracy, { sum: share, sinceMs: nowMs, lastMs: nowMs })
      return
    }
    one.sum = share + one.sum * Math.exp(-(nowMs - one.lastMs) / A.floorMs)
    one.lastMs = nowMs
  }

  /** Floors, ascending; above `A.floors` of them, the rarest are added to the next higher one. */
  of(nowMs: number): Floor[] {
    const floors: Floor[] = []
    for (const [accuracy, one] of this.counts) {
      if (nowMs - one.lastMs > A.memory * A.windowMs) this.counts.delete(accuracy)
      else floors.push({ accuracy, ratePerS: rateOf(one, nowMs) })
    }
    floors.sort((a, b) => a.accuracy - b.accuracy)
    while (floors.length > A.floors) {
      let rarest = 0
      for (let i = 1; i < floors.length - 1; i++) {
        if (floors[i]!.ratePerS < floors[rarest]!.ratePerS) rarest = i
      }
      floors[rarest + 1]!.ratePerS += floors[rarest]!.ratePerS
      floors.splice(rarest, 1)
    }
    return floors
  }
}

/** Rate from a decaying count, for the time since its start, at least one window. */
function rateOf({ sum, sinceMs, lastMs }: Count, nowMs: number): number {
  const left = Math.exp(-(nowMs - lastMs) / A.floorMs)
  const knownMs = Math.max(A.windowMs, nowMs - sinceMs)
  return 1000 * sum * left / (A.floorMs * (1 - Math.exp(-knownMs / A.floorMs)))
}

interface OfPipeline {
  seen: Seen
  floors: Floors
}

export class Demands {
  private readonly pipelines = new Map<string, OfPipeline>()

  constructor(
    private readonly shapes: Shapes,
    startPerS: { readonly [pipeline: string]: number } = {},
  ) {
    for (const name of shapes.pipelines.keys()) this.open(name, startPerS[name])
  }

  open(pipeline: string, startPerS = 0): void {
    const sloMs = this.shapes.pipelines.get(pipeline)?.pipeline.sloMs
    this.pipelines.set(pipeline, { seen: new Seen(startPerS, sloMs), floors: new Floors() })
  }

  close(pipeline: string): void {
    this.pipelines.delete(pipeline)
  }

  /** Moves the demand of one pipeline to another. */
  follow(from: string, to: string): void {
    const demand = this.pipelines.get(from)
    if (demand === undefined || !this.pipelines.has(to)) return
    this.pipelines.set(to, demand)
    this.open(from)
  }

  /** Counts a query that an idle pool could serve in time; `floor` is its minimum accuracy. */
  count(pipeline: string, nowMs: number, floor?: number, share = 1): void {
    const one = this.pipelines.get(pipeline)
    one?.seen.count(nowMs, share)
    if (floor !== undefined) one?.floors.count(floor, nowMs, share)
  }

  /** Queries per second to place for, as reported. */
  ratePerS = (pipeline: string, nowMs: number): number =>
    this.pipelines.get(pipeline)?.seen.ratePerS(nowMs) ?? 0

  /** Current queries per second of each pipeline. */
  levelsPerS = (nowMs: number): number[] =>
    [...this.pipelines.values()].map(({ seen }) => Math.max(seen.levelPerS(nowMs), A.leastPerS))

  /** Current demand in parts, by minimum accuracy. */
  now(nowMs: number): Demand[] {
    return [...this.pipelines].flatMap(([name, { seen, floors }]): Demand[] => {
      const shape = this.shapes.pipelines.get(name)
      if (shape === undefined) return []
      const all = Math.max(seen.levelPerS(nowMs), A.leastPerS)
      const counts = floors.of(nowMs)
      const floored = counts.reduce((sum, { ratePerS }) => sum + ratePerS, 0)
      const part = Math.min(1, all / Math.max(floored, 1e-9))
      const parts = counts.map(({ accuracy, ratePerS }) => (
        { shape, ratePerS: ratePerS * part, level: levelOf(shape, accuracy) }
      ))
      return [{ shape, ratePerS: Math.max(all - floored, A.leastPerS), level: 0 }, ...parts]
    })
  }

  toPlace = (nowMs: number): PlaceDemand[] =>
    [...this.pipelines.values()].map(({ seen, floors }) => ({
      ratePerS: Math.max(seen.ratePerS(nowMs), A.leastPerS),
      peak: seen.peak(nowMs),
      floors: floors.of(nowMs),
    }))

  /** Values whose change requests a new placement: rates, and the number of floors. */
  toPlaceSigns = (nowMs: number): number[] => {
    const all = [...this.pipelines.values()]
    const rates = all.map(({ seen }) => Math.max(seen.ratePerS(nowMs), A.leastPerS))
    return [...rates, ...all.map(({ floors }) => floors.size)]
  }
}
