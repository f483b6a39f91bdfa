/**
 * What the nodes of `deno task bench live` really took, so that the same can be simulated: how each
 * compares with its profile, how much batches of one kind differ, and what each variant hands on.
 *
 * @module
 */
import type { PolicyEvent, Scheduler } from '../../policy/core/types.ts'
import { median } from '../../cli/statistics.ts'
import { type Paced, paced, type Ratio } from './pace.ts'
import { type Profiles } from './profile.ts'
import { type Grown, grownBy } from './sizes.ts'

export interface Observed {
  /**
   * By the node's name: median of what batches took over what its profile says of them; of each
   * variant as `task/variant`, and of all as `*`.
   */
  slowness: { [node: string]: { [variant: string]: number } }
  /**
   * By the node's name and step: what batches took over that, since devices that share a processor
   * slow each other down as more of them work. Absent in files from before this was looked at.
   */
  pace?: { [node: string]: number[] }
  /**
   * By variant as `task/variant` and batch size: how many times as long as one item, for sizes that a
   * node's profile lacks. Absent in files from before this was looked at.
   */
  grown?: ReturnType<typeof grownBy>
  /** Pooled coefficient of variation of batches of one node, variant and size. */
  latencyCv: number
  /** By variant and child task: mean items handed on. */
  fanOut: { [variant: string]: { [task: string]: number } }
  /**
   * How much those differ from picture to picture, as a multiple of Poisson's deviation. Absent in
   * files from before this was looked at.
   */
  fanOutSpread?: number
  networkMs: number
}

export interface Observer {
  wrap(scheduler: Scheduler, nameOf?: (node: string) => string): Scheduler
  /** From now on batches belong to this step; those that ended before the first belong to none. */
  step(index: number): void
  observed(profiles: Profiles): Observed
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

/** Fewer batches of one kind say nothing of their spread. */
const LEAST_ALIKE = 8

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

export function createObserver(): Observer {
  const sent = new Map<number, Ran>()
  const kinds = new Map<string, Kind>()
  let step: number | undefined
  const handedOn = new Map<string, Map<string, number[]>>()
  const networkMs: number[] = []

  function finished(event: Extract<PolicyEvent, { type: 'batch_finished' }>): void {
    const ran = sent.get(event.batch)
    if (ran === undefined) return
    sent.delete(event.batch)
    // Warming up: the run is not of that.
    if (step === undefined) return
    networkMs.push(event.networkMs)
    const kind = `${ran.node} ${ran.key} ${ran.size}`
    const known = kinds.get(kind) ?? { ran, took: [] }
    kinds.set(kind, known)
    known.took.push({ ms: event.computeMs, step })
    for (const outcome of event.outcomes) {
      if (!outcome.ok) continue
      for (const [task, items] of Object.entries(outcome.children)) {
        const byTask = handedOn.get(ran.variant) ?? new Map<string, number[]>()
        handedOn.set(ran.variant, byTask)
        const counts = byTask.get(task)
        if (counts === undefined) byTask.set(task, [items.length])
        else counts.push(items.length)
      }
    }
  }

  return {
    wrap: (scheduler, nameOf = (node) => node) => ({
      ...scheduler,
      handle(event, nowMs) {
        if (event.type === 'batch_finished') finished(event)
        const commands = scheduler.handle(event, nowMs)
        for (const command of commands) {
          if (command.type !== 'dispatch') continue
          const { batch, node, pipeline, task, variant, items } = command
          const key = `${pipeline}/${task}/${variant}`
          sent.set(batch, { node: nameOf(node), key, variant, size: items.length })
        }
        return commands
      },
    }),
    step(index) {
      step = index
    },
    observed(profiles) {
      const ratios = new Map<string, Ratio[]>()
      for (const { ran: { node, key, size }, took } of kinds.values()) {
        const point = profiles.get(node)?.get(key)?.points.find(({ batch }) => batch === size)
        if (point === undefined) continue
        const variant = withoutPipeline(key)
        const known = ratios.get(node) ?? []
        ratios.set(node, known)
        const { latencyMs: profileMs } = point
        for (const { ms, step } of took) {
          known.push({ variant, step, profileMs, times: ms / profileMs })
        }
      }
      const parted = new Map([...ratios].map(([node, all]) => [node, paced(all, (step ?? 0) + 1)]))
      return {
        slowness: Object.fromEntries(
          [...parted].map(([node, { slowness }]) => [node, slowness]),
        ),
        pace: Object.fromEntries([...parted].map(([node, { pace }]) => [node, pace])),
        grown: grownBy(grownOf(kinds.values(), parted, profiles)),
        latencyCv: spreadOf(kinds.values(), parted),
        fanOut: Object.fromEntries(
          [...handedOn].map(([variant, byTask]) => [
            variant,
            Object.fromEntries([...byTask].map(([task, counts]) => [task, mean(counts)])),
          ]),
        ),
        fanOutSpread: fanOutSpreadOf(
          [...handedOn.values()].flatMap((byTask) => [...byTask.values()]),
        ),
        networkMs: networkMs.length > 0 ? median(networkMs) : 0,
      }
    },
  }
}

const withoutPipeline = (key: string) => key.slice(key.indexOf('/') + 1)

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
    for (const { ms, step } of took) {
      const pace = (of.slowness[variant] ?? of.slowness['*'] ?? 1) * (of.pace[step] ?? 1)
      const oneMs = one.latencyMs * pace
      all.push({ variant, size, oneMs, times: ms / oneMs })
    }
  }
  return all
}

/** Of counts around their means; as spread as Poisson's where nothing was handed on. */
export function fanOutSpreadOf(counts: readonly (readonly number[])[]): number {
  let squares = 0
  let variance = 0
  for (const own of counts) {
    const usual = mean(own)
    for (const count of own) squares += (count - usual) ** 2
    variance += own.length * usual
  }
  return variance > 0 ? Math.sqrt(squares / variance) : 1
}

/** Of batches of one kind around their mean, the pace of their steps apart. */
function spreadOf(kinds: Iterable<Kind>, parted: ReadonlyMap<string, Paced>): number {
  let squares = 0
  let count = 0
  for (const { ran, took } of kinds) {
    if (took.length < LEAST_ALIKE) continue
    const pace = parted.get(ran.node)?.pace
    const even = took.map(({ ms, step }) => ms / (pace?.[step] ?? 1))
    const usual = mean(even)
    squares += even.reduce((sum, ms) => sum + (ms / usual - 1) ** 2, 0)
    count += even.length - 1
  }
  return count > 0 ? Math.sqrt(squares / count) : 0
}
