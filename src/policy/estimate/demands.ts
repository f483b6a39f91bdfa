/**
 * The demand of each pipeline, as far as it was seen.
 *
 * @module
 */
import { createDemand, type Demand as Seen, type Peak } from './demand.ts'
import type { Floor } from './floors.ts'
import { levelOf, type PipelineShape, type Shapes } from '../core/graph.ts'

/** Some path is planned for a pipeline that nobody asks for. */
const LEAST_PER_S = 0.01

/** Queries of one pipeline; `level`: position of their least accuracy among those of its paths. */
export interface Demand {
  shape: PipelineShape
  ratePerS: number
  level: number
}

/** Of one pipeline, to place for. */
export interface PlaceDemand {
  ratePerS: number
  peak: Peak
  floors: Floor[]
}

export class Demands {
  private readonly seen = new Map<string, Seen>()

  constructor(
    private readonly shapes: Shapes,
    startPerS: { readonly [pipeline: string]: number } = {},
  ) {
    for (const name of shapes.pipelines.keys()) this.open(name, startPerS[name])
  }

  open(pipeline: string, startPerS = 0): void {
    const sloMs = this.shapes.pipelines.get(pipeline)?.pipeline.sloMs
    this.seen.set(pipeline, createDemand(startPerS, sloMs))
  }

  close(pipeline: string): void {
    this.seen.delete(pipeline)
  }

  /** The demand for one is from now on the demand for the other. */
  follow(from: string, to: string): void {
    const demand = this.seen.get(from)
    if (demand === undefined || !this.seen.has(to)) return
    this.seen.set(to, demand)
    this.open(from)
  }

  /** A query came that an idle pool could do in its time. */
  count(pipeline: string, nowMs: number, floor?: number): void {
    this.seen.get(pipeline)?.count(nowMs, floor)
  }

  /** Queries per second to place for, as they are shown. */
  ratePerS = (pipeline: string, nowMs: number): number =>
    this.seen.get(pipeline)?.ratePerS(nowMs) ?? 0

  /** The demand of this moment. */
  levelsPerS = (nowMs: number): number[] =>
    [...this.seen.values()].map((one) => Math.max(one.levelPerS(nowMs), LEAST_PER_S))

  /** The same in parts, by the least accuracy that is asked for. */
  now(nowMs: number): Demand[] {
    const { shapes } = this
    return [...this.seen].flatMap(([name, seen]): Demand[] => {
      const shape = shapes.pipelines.get(name)
      if (shape === undefined) return []
      const all = Math.max(seen.levelPerS(nowMs), LEAST_PER_S)
      const floors = seen.floors(nowMs)
      const floored = floors.reduce((sum, { ratePerS }) => sum + ratePerS, 0)
      const part = Math.min(1, all / Math.max(floored, 1e-9))
      return [
        { shape, ratePerS: Math.max(all - floored, LEAST_PER_S), level: 0 },
        ...floors.map(({ accuracy, ratePerS }) => ({
          shape,
          ratePerS: ratePerS * part,
          level: levelOf(shape, accuracy),
        })),
      ]
    })
  }

  toPlace = (nowMs: number): PlaceDemand[] =>
    [...this.seen.values()].map((one) => ({
      ratePerS: Math.max(one.ratePerS(nowMs), LEAST_PER_S),
      peak: one.peak(nowMs),
      floors: one.floors(nowMs),
    }))

  /** What a placement is asked for anew when it rises: rates, and how many floors there are. */
  toPlaceSigns = (nowMs: number): number[] => [
    ...[...this.seen.values()].map((one) => Math.max(one.ratePerS(nowMs), LEAST_PER_S)),
    ...[...this.seen.values()].map((one) => one.floorCount()),
  ]
}
