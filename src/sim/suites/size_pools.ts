/**
 * Pools of like nodes and a demand, made of numbers: as large as asked for, with nothing from elsewhere.
 *
 * @module
 */
import { boundOf } from '../bound.ts'
import { checkScenario } from '../scenario.ts'
import { limitOf } from './lot_draws.ts'
import type { Case } from './suite.ts'

const SLO_MS = 1000
const BATCHES = [1, 2, 4, 8, 16, 32]
/** Of the time of one item, what each further one of a batch takes. */
const FURTHER = 0.65

/** From the quickest to the most accurate: accuracy, ms for one item, and items handed on. */
const FIND = [
  { accuracy: 0.82, ms: 60, fanOut: 1.8 },
  { accuracy: 0.9, ms: 110, fanOut: 1.9 },
  { accuracy: 0.96, ms: 200, fanOut: 2 },
  { accuracy: 1, ms: 330, fanOut: 2 },
]
const NAME = [
  { accuracy: 0.84, ms: 35 },
  { accuracy: 0.92, ms: 70 },
  { accuracy: 0.97, ms: 130 },
  { accuracy: 1, ms: 220 },
]

export interface SizeOptions {
  nodes: number
  held: 'all' | 1
  /** By the second, in shares of the most that the pool carries by its quickest path. */
  shares: readonly number[]
  /** So many pipelines, which share the demand evenly. */
  pipelines?: 1 | 2
  /** Of the queries so many ask for this accuracy at the least. */
  floors?: { share: number; accuracy: number }
}

/** @returns JSON of `shoal-scenario/1` */
export function sizeScenario({ nodes, held, shares, pipelines = 1, floors }: SizeOptions) {
  const names = ['first', 'second'].slice(0, pipelines)
  const json = (rates: readonly number[]): Case['scenario'] => ({
    schema: 'shoal-scenario/1',
    workloads: names.map((name) => ({
      pipeline: pipelineOf(name),
      trace: {
        binSeconds: 1,
        rates: rates.map((perS) => perS / pipelines),
        ...floors === undefined ? {} : { floors },
      },
    })),
    classes: {
      device: {
        latencyMs: Object.assign({}, ...names.map(latenciesOf)),
        ...{ instancesPerNode: held, swapMs: 1000, roundTripMs: 4 },
      },
    },
    pool: [{ class: 'device', count: nodes }],
    noise: { latencyCv: 0.08 },
    seed: 1,
  })
  const bound = boundOf(checkScenario(json([1]), 'size'))
  const mostPerS = limitOf((perS) => bound.served(...names.map(() => perS / pipelines)) > 0.999)
  return json(shares.map((share) => share * mostPerS))
}

const variantOf = (task: string, index: number) => `${task}-${index}`

function pipelineOf(name: string) {
  const [find, next] = [`${name}-find`, `${name}-name`]
  return {
    ...{ schema: 'shoal-pipeline/1', name, sloMs: SLO_MS, root: find },
    tasks: {
      [find]: {
        next: [next],
        variants: Object.fromEntries(FIND.map(({ accuracy, fanOut }, i) => [
          variantOf(find, i),
          { accuracy, fanOut: { [next]: fanOut } },
        ])),
      },
      [next]: {
        next: [],
        variants: Object.fromEntries(
          NAME.map(({ accuracy }, i) => [variantOf(next, i), { accuracy }]),
        ),
      },
    },
  }
}

function latenciesOf(name: string) {
  const points = (ms: number) =>
    Object.fromEntries(BATCHES.map((size) => [size, ms * (1 + FURTHER * (size - 1))]))
  return Object.fromEntries([
    ...FIND.map(({ ms }, i) => [variantOf(`${name}-find`, i), points(ms)]),
    ...NAME.map(({ ms }, i) => [variantOf(`${name}-name`, i), points(ms)]),
  ])
}

/** From the one share to the other and back, once. */
export const wave = (low: number, high: number, seconds: number): number[] =>
  Array.from(
    { length: seconds },
    (_, second) => low + (high - low) * (0.5 - 0.5 * Math.cos(2 * Math.PI * second / seconds)),
  )

/** One level after the other. */
export const levels = (...parts: readonly (readonly [share: number, seconds: number])[]) =>
  parts.flatMap(([share, seconds]) => Array.from({ length: seconds }, () => share))
