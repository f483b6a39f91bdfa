/**
 * What the nodes of `deno task bench live` really took, so that the same can be simulated: how each
 * compares with its profile, how much batches of one kind differ, and what each variant hands on.
 * @module
 */
import type { PolicyEvent, Scheduler } from '../../policy/core/types.ts'
import { median } from '../../cli/statistics.ts'
import { meanOf, sumOf, watching } from '../tools.ts'
import { OUTLIER, type Paced, paced, type Ratio } from './pace.ts'
import { keyOf, type Profiles } from './profile.ts'

export interface Observed {
  /**
   * By the node's name: median of what batches took over what its profile says of them; of each
   * variant as `task/variant`, and of all as `*`.
   */
  slowness: { [node: string]: { [variant: string]: number } }
  /**
   * By the node's name and step: what batches took over that, since devices that share a processor
   * slow each other down as more of them work.
   */
  pace: { [node: string]: number[] }
  /** What batches took of sizes that a node's profile lacks. */
  grown: ReturnType<typeof grownBy>
  /** Pooled coefficient of variation of batches of one node, variant and size. */
  latencyCv: number
  /** By variant and child task: mean items handed on. */
  fanOut: { [variant: string]: { [task: string]: number } }
  /** How much those differ from picture to picture, as a multiple of Poisson's deviation. */
  fanOutSpread: number
  networkMs: number
}

interface Ran {
  node: string
  key: string
  variant: string
  size: number
}

/** Batches of one node, variant and size. */
interface Kind {
  ran: Ran
  took: { ms: number; step: number }[]
}

/** Fewer batches of one kind say nothing of their spread, and fewer of a size nothing of it. */
const LEAST_ALIKE = 8
const LEAST_GROWN = 5

export function createObserver() {
  const sent = new Map<number, Ran>()
  const kinds = new Map<string, Kind>()
  let step: number | undefined
  const handedOn = new Map<string, Map<string, number[]>>()
  const networkMs: number[] = []

  function finished(event: Extract<PolicyEvent, { type: 'batch_finished' }>): void {
    const ran = sent.get(event.batch)
    sent.delete(event.batch)
    // Before the first step nodes warm up: the run is not of that.
    if (ran === undefined || step === undefined) return
    networkMs.push(event.networkMs)
    const kind = `${ran.node} ${ran.key} ${ran.size}`
    const known = kinds.get(kind) ?? { ran, took: [] }
    kinds.set(kind, known)
    known.took.push({ ms: event.computeMs, step })
    const byTask = handedOn.get(ran.variant) ?? new Map<string, number[]>()
    for (const outcome of event.outcomes) {
      if (!outcome.ok) continue
      for (const [task, items] of Object.entries(outcome.children)) {
        handedOn.set(ran.variant, byTask)
        byTask.set(task, [...byTask.get(task) ?? [], items.length])
      }
    }
  }

  return {
    wrap: (scheduler: Scheduler, nameOf = (node: string) => node): Scheduler =>
      watching(scheduler, (event) => {
        if (event.type === 'batch_finished') finished(event)
      }, (command) => {
        if (command.type !== 'dispatch') return
        const { batch, node, variant, items } = command
        sent.set(batch, {
          ...{ node: nameOf(node), key: keyOf(command), variant, size: items.length },
        })
      }),
    /** From now on batches belong to this step; those that ended before the first belong to none. */
    step(index: number) {
      step = index
    },
    observed(profiles: Profiles): Observed {
      const ratios = new Map<string, Ratio[]>()
      for (const { ran: { node, key, size }, took } of kinds.values()) {
        const point = profiles.get(node)?.get(key)?.points.find(({ batch }) => batch === size)
        if (point === undefined) continue
        const { latencyMs: profileMs } = point
        const known = ratios.get(node) ?? []
        ratios.set(node, known)
        for (const { ms, step } of took) {
          known.push({ variant: withoutPipeline(key), step, profileMs, times: ms / profileMs })
        }
      }
      const parted = new Map([...ratios].map(([node, all]) => [node, paced(all, (step ?? 0) + 1)]))
      const each = <T>(pick: (one: Paced) => T) =>
        Object.fromEntries([...parted].map(([node, one]) => [node, pick(one)]))
      const counts = [...handedOn].map(([variant, byTask]) => [variant, [...byTask]] as const)
      return {
        slowness: each(({ slowness }) => slowness),
        pace: each(({ pace }) => pace),
        grown: grownBy(grownOf(kinds.values(), parted, profiles)),
        latencyCv: spreadOf(kinds.values(), parted),
        fanOut: Object.fromEntries(counts.map(([variant, byTask]) => [
          variant,
          Object.fromEntries(byTask.map(([task, counts]) => [task, meanOf(counts)])),
        ])),
        fanOutSpread: fanOutSpreadOf(
          counts.flatMap(([, byTask]) => byTask.map(([, counts]) => counts)),
        ),
        networkMs: networkMs.length > 0 ? median(networkMs) : 0,
      }
    },
  }
}

const withoutPipeline = (key: string) => key.slice(key.indexOf('/') + 1)

/** A batch over what one item alone takes on its node in that step, by its profile. */
export interface Grown {
  variant: string
  size: number
  oneMs: number
  times: number
}

/** Batches of a size that their node's profile has no point of. */
function grownOf(
  kinds: Iterable<Kind>,
  parted: ReadonlyMap<string, Paced>,
  profiles: Profiles,
): Grown[] {
  const all: Grown[] = []
  for (const { ran: { node, key, size }, took } of kinds) {
    const points = profiles.get(node)?.get(key)?.points ?? []
    const one = points.find(({ batch }) => batch === 1)
    const of = parted.get(node)
    if (one === undefined || of === undefined) continue
    if (points.some(({ batch }) => batch === size)) continue
    const variant = withoutPipeline(key)
    const slowness = of.slowness[variant] ?? of.slowness['*'] ?? 1
    for (const { ms, step } of took) {
      const oneMs = one.latencyMs * slowness * (of.pace[step] ?? 1)
      all.push({ variant, size, oneMs, times: ms / oneMs })
    }
  }
  return all
}

/**
 * By variant and size: how many times as long as one item a batch took, all nodes and steps together.
 * One that was held up counts for no more than three times the items that it had.
 */
export function grownBy(all: readonly Grown[]): { [variant: string]: { [size: number]: number } } {
  const found: ReturnType<typeof grownBy> = {}
  for (const alike of Map.groupBy(all, ({ variant, size }) => `${variant} ${size}`).values()) {
    const { variant, size } = alike[0]!
    if (alike.length < LEAST_GROWN) continue
    const tookMs = alike.map(({ oneMs, times }) => oneMs * Math.min(times, OUTLIER * size))
    const times = sumOf(tookMs) / sumOf(alike.map(({ oneMs }) => oneMs))
    ;(found[variant] ??= {})[size] = times
  }
  return found
}

/** Of counts around their means; as spread as Poisson's where nothing was handed on. */
export function fanOutSpreadOf(counts: readonly (readonly number[])[]): number {
  const squares = counts.flatMap((own) => own.map((count) => (count - meanOf(own)) ** 2))
  const variance = sumOf(counts.map(sumOf))
  return variance > 0 ? Math.sqrt(sumOf(squares) / variance) : 1
}

/** Of batches of one kind around their mean, the pace of their steps apart. */
function spreadOf(kinds: Iterable<Kind>, parted: ReadonlyMap<string, Paced>): number {
  let [squares, count] = [0, 0]
  for (const { ran, took } of kinds) {
    if (took.length < LEAST_ALIKE) continue
    const pace = parted.get(ran.node)?.pace
    const even = took.map(({ ms, step }) => ms / (pace?.[step] ?? 1))
    const usual = meanOf(even)
    squares += sumOf(even.map((ms) => (ms / usual - 1) ** 2))
    count += even.length - 1
  }
  return count > 0 ? Math.sqrt(squares / count) : 0
}
