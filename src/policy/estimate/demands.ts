/**
 * The demand of each pipeline, and of each least accuracy that is asked for.
 *
 * @module
 */
import { Demand as Seen, type Peak } from './demand.ts'
import { levelOf, type PipelineShape, type Shapes } from '../core/graph.ts'
import { arrivals as A } from './params.ts'

/** Queries of one pipeline; `level`: position of their least accuracy among those of its paths. */
export interface Demand {
  shape: PipelineShape
  ratePerS: number
  level: number
}

export interface Floor {
  /** Least accuracy, 0..1. */
  accuracy: number
  /** Queries per second that ask for it. */
  ratePerS: number
}

/** Of one pipeline, to place for. */
export interface PlaceDemand {
  ratePerS: number
  peak: Peak
  floors: Floor[]
}

interface Asked {
  /** Count that decays, since when, and as of when. */
  sum: number
  sinceMs: number
  lastMs: number
}

/** How many queries ask for what least accuracy: slots that cannot hold all have to hold what reaches it. */
export class Floors {
  private readonly asked = new Map<number, Asked>()

  /** How many least accuracies are remembered. */
  get size(): number {
    return this.asked.size
  }

  /** A query arrived that asks for as much. */
  count(accuracy: number, nowMs: number, share = 1): void {
    const one = this.asked.get(accuracy)
    if (one === undefined) {
      this.asked.set(accuracy, { sum: share, sinceMs: nowMs, lastMs: nowMs })
      return
    }
    one.sum = share + one.sum * Math.exp(-(nowMs - one.lastMs) / A.floorMs)
    one.lastMs = nowMs
  }

  /** The least first; the rarest of many with the next higher. */
  of(nowMs: number): Floor[] {
    const floors: Floor[] = []
    for (const [accuracy, one] of this.asked) {
      if (nowMs - one.lastMs > A.memory * A.windowMs) this.asked.delete(accuracy)
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

/** A sum that decays is the count of a while that began as long ago, of a second at the least. */
function rateOf({ sum, sinceMs, lastMs }: Asked, nowMs: number): number {
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

  /** The demand for one is from now on the demand for the other. */
  follow(from: string, to: string): void {
    const demand = this.pipelines.get(from)
    if (demand === undefined || !this.pipelines.has(to)) return
    this.pipelines.set(to, demand)
    this.open(from)
  }

  /** A query came that an idle pool could do in its time; it may ask for a least accuracy. */
  count(pipeline: string, nowMs: number, floor?: number, share = 1): void {
    const one = this.pipelines.get(pipeline)
    one?.seen.count(nowMs, share)
    if (floor !== undefined) one?.floors.count(floor, nowMs, share)
  }

  /** Queries per second to place for, as they are shown. */
  ratePerS = (pipeline: string, nowMs: number): number =>
    this.pipelines.get(pipeline)?.seen.ratePerS(nowMs) ?? 0

  /** Queries per second of this moment, of each pipeline. */
  levelsPerS = (nowMs: number): number[] =>
    [...this.pipelines.values()].map(({ seen }) => Math.max(seen.levelPerS(nowMs), A.leastPerS))

  /** The same in parts, by the least accuracy that is asked for. */
  now(nowMs: number): Demand[] {
    return [...this.pipelines].flatMap(([name, { seen, floors }]): Demand[] => {
      const shape = this.shapes.pipelines.get(name)
      if (shape === undefined) return []
      const all = Math.max(seen.levelPerS(nowMs), A.leastPerS)
      const asked = floors.of(nowMs)
      const floored = asked.reduce((sum, { ratePerS }) => sum + ratePerS, 0)
      const part = Math.min(1, all / Math.max(floored, 1e-9))
      const parts = asked.map(({ accuracy, ratePerS }) => (
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

  /** What a placement is asked for anew when it rises: rates, and how many floors there are. */
  toPlaceSigns = (nowMs: number): number[] => {
    const all = [...this.pipelines.values()]
    const rates = all.map(({ seen }) => Math.max(seen.ratePerS(nowMs), A.leastPerS))
    return [...rates, ...all.map(({ floors }) => floors.size)]
  }
}
