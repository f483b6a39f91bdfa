/** What a random pool is made of: devices, pipelines and demands. @module */
import { createRandom, type Random, seedFor } from '../random.ts'

/** So many queries, unless that takes longer or shorter than this. */
const QUERIES = 2500
const SECONDS = [20, 240] as const
export const SLO_MS = [150, 15_000] as const
const MOST_TASKS = 4
const MOST_VARIANTS = 6
/** Share of the SLO that the quickest way takes on the slowest devices, at the most. */
export const QUICKEST = [0.03, 0.2] as const
/** Of what the quickest ways carry, the demand in the mean. */
export const LOAD = [0.1, 0.85] as const
const BATCHES = [1, 2, 4, 8, 16, 32, 64]

export interface Task {
  name: string
  next: Task[]
  variants: { name: string; accuracy: number; ms: number; further: number; fanOut: number[] }[]
}

export interface Draw {
  random: Random
  within(range: readonly [number, number]): number
  /** Evenly in the logarithm. */
  scaled(range: readonly [number, number]): number
  pick<T>(of: readonly T[]): T
}

/** @param of what is drawn; each has its own run of numbers */
export function drawOf(lot: number, of = 'lots'): Draw {
  const random = createRandom(seedFor(lot, of))
  return {
    random,
    within: ([least, most]) => least + (most - least) * random(),
    scaled: ([least, most]) => least * (most / least) ** random(),
    pick: (of) => of[Math.floor(random() * of.length)]!,
  }
}

/**
 * A tree: each further task follows one of those before it.
 *
 * @param prefix of the names of tasks
 */
export function makeTasks(draw: Draw, prefix = 'task'): Task {
  const count = 1 + Math.floor(draw.random() * MOST_TASKS)
  const tasks: Task[] = []
  for (let t = 0; t < count; t++) {
    const task = { name: `${prefix}-${t}`, next: [], variants: [] }
    if (t > 0) draw.pick(tasks).next.push(task)
    tasks.push(task)
  }
  for (const task of tasks) task.variants = makeVariants(task, draw)
  return tasks[0]!
}

/** Each takes a part of what the one before takes, and is less accurate. */
function makeVariants({ name, next }: Task, { pick, random, scaled, within }: Draw) {
  const count = 1 + Math.floor(random() * MOST_VARIANTS)
  const further = within([0.1, 1])
  const fanOut = next.map(() => scaled([0.3, 8]))
  let ms = scaled([1, 8])
  let accuracy = 1
  return Array.from({ length: count }, (_, v) => {
    const variant = {
      ...{ name: `${name}-v${v}`, accuracy, ms, further },
      // Who sees less hands on less.
      fanOut: fanOut.map((mean) => mean * (1 - 0.3 * v / count)),
    }
    ms *= pick([0.35, 0.5, 0.7, 0.85])
    accuracy *= 1 - within([0.005, 0.12])
    return variant
  })
}

export function makeClasses({ random, scaled }: Draw): { name: string; times: number }[] {
  const count = 1 + Math.floor(random() * 3)
  return Array.from(
    { length: count },
    (_, c) => ({ name: `class-${c}`, times: c === 0 ? 1 : scaled([1.5, 8]) }),
  )
}

/** So many nodes over classes, at least one in each. */
export function spread(nodes: number, classes: number, { random }: Draw): number[] {
  const counts: number[] = Array(classes).fill(1)
  for (let i = classes; i < nodes; i++) counts[Math.floor(random() * classes)]!++
  return counts
}

export const inOrder = (task: Task): Task[] => [task, ...task.next.flatMap(inOrder)]

/** One item of each task after the other, by the quickest variants. */
export const quickestMs = ({ variants, next }: Task): number =>
  Math.min(...variants.map(({ ms }) => ms)) + Math.max(0, ...next.map(quickestMs))

export const taskJson = ({ next, variants }: Task) => ({
  next: next.map(({ name }) => name),
  variants: Object.fromEntries(variants.map(({ name, accuracy, fanOut }) => [name, {
    accuracy,
    ...next.length === 0
      ? {}
      : { fanOut: Object.fromEntries(next.map((child, i) => [child.name, fanOut[i]])) },
  }])),
})

export const pointsOf = ({ ms, further }: Task['variants'][number], unit: number) =>
  Object.fromEntries(BATCHES.map((batch) => [batch, unit * ms * (1 + further * (batch - 1))]))

/** The most that is possible, by halving. */
export function limitOf(isPossible: (perS: number) => boolean): number {
  let low = 1e-3
  while (isPossible(2 * low)) low *= 2
  let high = 2 * low
  for (let i = 0; i < 20; i++) {
    const middle = (low + high) / 2
    if (isPossible(middle)) low = middle
    else high = middle
  }
  return low
}

/** How long a demand goes on. */
export const secondsFor = (perS: number): number =>
  Math.round(Math.min(Math.max(QUERIES / perS, SECONDS[0]), SECONDS[1]))

/** By the second: flat, in steps, in waves, or with bursts of a second. */
export function makeRates(perS: number, { random, within }: Draw, seconds: number): number[] {
  const kind = Math.floor(random() * 4)
  const [stepS, waveS] = [Math.round(within([5, 20])), within([20, 80])]
  const swing = within([0.2, 0.6])
  let high = random() < 0.5
  return Array.from({ length: seconds }, (_, second) => {
    if (kind === 1 && second % stepS === 0) high = !high
    const times = kind === 0
      ? 1
      : kind === 1
      ? 1 + (high ? swing : -swing)
      : kind === 2
      ? 1 + swing * Math.sin(2 * Math.PI * second / waveS)
      : random() < 0.1
      ? 1.8
      : 0.9
    return perS * times
  })
}
