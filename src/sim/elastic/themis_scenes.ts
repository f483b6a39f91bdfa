/**
 * Scenes from the public data of Themis: the figure in the introduction of its paper, and its three
 * pipelines under seconds of Twitter. The data itself is no part of this project.
 *
 * @module
 */
import { type Coefficients, latencyOf, raisedLatencyOf } from '../../peers/scalers.ts'
import type { ElasticScene } from './run.ts'

interface Block {
  settings: { latencyMultiplier?: { [pipeline: string]: number } | undefined }
  pipelines: {
    [name: string]: {
      sloMs: number
      maxBatch: number | null
      stages: (Coefficients & {
        name: string
        memoryGb: number
        maxBatch: number | null
        maxCores: number | null
      })[]
    }
  }
}

export type Shape = 'short' | 'long' | 'ramp'

/** The fields that are read of `profiles.json`, `twitter-windows.json` and `reference.json`. */
export interface ThemisData {
  profiles: { head: Block; paper: Block }
  windows: { [name: string]: { counts: number[] } }
  intro: {
    capacityByCores: { [cores: string]: number }
    coldStartS: number
    violationPercent: {
      shortVertical: number
      shortHorizontal: number
      longVerticalThenHorizontal: number
      rampVertical: number
      rampHorizontal: number
    }
    coresAtPeak: { vertical: number; horizontal: number }
  }
}

export const PIPELINES = ['video', 'sentiment', 'nlp'] as const
export type PipelineName = typeof PIPELINES[number]
export type BlockName = keyof ThemisData['profiles']

/** What the artifact divides the counts by, so that its two machines carry them. */
const DIVISORS: { [block in BlockName]: { [name in PipelineName]: number } } = {
  head: { video: 1.5, sentiment: 2.55, nlp: 3.45 },
  paper: { video: 4.384, sentiment: 8.5625, nlp: 21 },
}
/** What the artifact's policies may give; where a stage says nothing of its own. */
const MOST: { [block in BlockName]: { cores: number; batch: number } } = {
  head: { cores: 4, batch: 4 },
  paper: { cores: 8, batch: 8 },
}
/** As in this project's other suites. */
const LATENCY_CV = 0.08

type Rest = Pick<ElasticScene, 'coldMs' | 'drops' | 'seed'>

function stagesOf(
  { profiles }: ThemisData,
  block: BlockName,
  name: PipelineName,
): ElasticScene['stages'] {
  const { settings, pipelines } = profiles[block]
  const pipeline = pipelines[name]!
  return pipeline.stages.map((stage) => ({
    name: stage.name,
    memoryGb: stage.memoryGb,
    cores: Array.from({ length: stage.maxCores ?? MOST[block].cores }, (_, i) => i + 1),
    mostBatch: stage.maxBatch ?? pipeline.maxBatch ?? MOST[block].batch,
    latencyMs: latencyOf(stage),
    coefficients: coefficientsOf(stage),
    raisedMs: raisedLatencyOf(stage, settings.latencyMultiplier?.[name]),
  }))
}

const coefficientsOf = ({ alpha, beta, gamma, zeta }: Coefficients): Coefficients => (
  { alpha, beta, gamma, zeta }
)

export function sceneOf(
  data: ThemisData,
  block: BlockName,
  name: PipelineName,
  perS: readonly number[],
  rest: Rest,
): ElasticScene {
  const { sloMs } = data.profiles[block].pipelines[name]!
  return { stages: stagesOf(data, block, name), sloMs, perS, latencyCv: LATENCY_CV, ...rest }
}

/** The counts of a window as the artifact sends them to a pipeline. */
export const windowPerS = (
  { windows }: ThemisData,
  window: string,
  block: BlockName,
  name: PipelineName,
): number[] =>
  windows[window]!.counts.map((count) => Math.max(1, Math.round(count / DIVISORS[block][name])))

/** So many a second for so many seconds. */
type Step = [perS: number, seconds: number]

export const stepsPerS = (...steps: Step[]): number[] =>
  steps.flatMap(([perS, seconds]) => Array<number>(seconds).fill(perS))

const SHAPES: { [shape in Shape]: number[] } = {
  short: stepsPerS([20, 30], [120, 5], [20, 25]),
  long: stepsPerS([20, 10], [120, 40], [20, 10]),
  ramp: stepsPerS([20, 10], [40, 10], [60, 10], [80, 10], [100, 10], [120, 10]),
}
/**
 * The figure loses in each second what is above the capacity. Here that waits, so the time for it is
 * short: a little more than one item takes on one core.
 */
export const INTRO_SLO_MS = 60

/** The figure's single stage: batches of one, evenly spaced arrivals, no noise. */
export function introScene(
  { intro }: ThemisData,
  shape: Shape,
  sloMs = INTRO_SLO_MS,
): ElasticScene {
  const { capacityByCores, coldStartS } = intro
  const latencyMs = (batch: number, cores: number) => 1000 * batch / capacityByCores[cores]!
  const cores = Object.keys(capacityByCores).map(Number).sort((a, b) => a - b)
  return {
    stages: [{ name: 'model', memoryGb: 1, cores, mostBatch: 1, latencyMs, raisedMs: latencyMs }],
    sloMs,
    perS: SHAPES[shape],
    even: true,
    coldMs: coldStartS * 1000,
    drops: 'hopeless',
    latencyCv: 0,
    seed: 1,
  }
}
