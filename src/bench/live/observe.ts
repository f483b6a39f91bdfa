/**
 * What the nodes of `deno task bench live` really took, so that the same can be simulated: how each
 * compares with its profile, how much batches of one kind differ, and what each variant hands on.
 * @module
 */
import type { PolicyEvent, Scheduler } from '../../policy/core/types.ts'
import { median } from '../../cli/statistics.ts'
import { meanOf, sumOf, watching } from '../tools.ts'
import { OUTLIER, type Paced, paced } from './pace.ts'
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
  /** As `task/variant`. */
  path: string
  variant: string
  size: number
}

interface Batch extends Ran {
  ms: number
  step: number
}

/** Fewer batches of one kind say nothing of their spread, and fewer of a size nothing of it. */
const LEAST_ALIKE = 8
const LEAST_GROWN = 5

export function createObserver() {
  const sent = new Map<number, Ran>()
  const batches: Batch[] = []
  const handedOn: { variant: string; task: string; many: number }[] = []
  const networkMs: number[] = []
  let step: number | undefined

  function finished(event: Extract<PolicyEvent, { type: 'batch_finished' }>): void {
    const ran = sent.get(event.batch)
    sent.delete(event.batch)
    // Before the first step nodes warm up: the run is not of that.
    if (ran === undefined || step === undefined) return
    networkMs.push(event.networkMs)
    batches.push({ ...ran, ms: event.computeMs, step })
    const served = event.outcomes.flatMap((one) => one.ok ? Object.entries(one.children) : [])
    for (const [task, items] of served) {
      handedOn.push({ variant: ran.variant, task, many: items.length })
    }
  }

  return {
    wrap: (scheduler: Scheduler, nameOf = (node: string) => node): Scheduler =>
      watching(scheduler, (event) => {
        if (event.type === 'batch_finished') finished(event)
      }, (command) => {
        if (command.type !== 'dispatch') return
        const { batch, node, task, variant, items } = command
        const place = { node: nameOf(node), key: keyOf(command), path: `${task}/${variant}` }
        sent.set(batch, { ...place, variant, size: items.length })
      }),
    /** From now on batches belong to this step; those that ended before the first belong to none. */
    step(index: number) {
      step = index
    },
    observed(profiles: Profiles): Observed {
      const pointsOf = ({ node, key }: Ran) => profiles[node]?.[key]?.points ?? []
      const ratios = batches.flatMap((ran) => {
        const point = pointsOf(ran).find(({ batch }) => batch === ran.size)
        if (point === undefined) return []
        const { latencyMs: profileMs } = point
        return [{ ...ran, variant: ran.path, profileMs, times: ran.ms / profileMs }]
      })
      const byNode = [...Map.groupBy(ratios, ({ node }) => node)]
      const parted = Object.fromEntries(
        byNode.map(([node, all]) => [node, paced(all, (step ?? 0) + 1)]),
      )
      const each = <T>(pick: (one: Paced) => T) =>
        Object.fromEntries(Object.entries(parted).map(([node, one]) => [node, pick(one)]))
      // Batches of a size that their node's profile has no point of.
      const grown = batches.flatMap((ran): Grown[] => {
        const [points, of] = [pointsOf(ran), parted[ran.node]]
        const one = points.find(({ batch }) => batch === 1)
        if (one === undefined || of === undefined) return []
        if (points.some(({ batch }) => batch === ran.size)) return []
        const slowness = of.slowness[ran.path] ?? of.slowness['*'] ?? 1
        const oneMs = one.latencyMs * slowness * (of.pace[ran.step] ?? 1)
        return [{ variant: ran.path, size: ran.size, oneMs, times: ran.ms / oneMs }]
      })
      const fanOut: Observed['fanOut'] = {}
      const handed = [
        ...Map.groupBy(handedOn, ({ variant, task }) => `${variant} ${task}`).values(),
      ]
      const counts = handed.map((own) => own.map(({ many }) => many))
      for (const [i, [first]] of handed.entries()) {
        ;(fanOut[first!.variant] ??= {})[first!.task] = meanOf(counts[i]!)
      }
      return {
        slowness: each(({ slowness }) => slowness),
        pace: each(({ pace }) => pace),
        ...{ grown: grownBy(grown), latencyCv: spreadOf(batches, parted), fanOut },
        fanOutSpread: fanOutSpreadOf(counts),
        networkMs: networkMs.length > 0 ? median(networkMs) : 0,
      }
    },
  }
}

/** A batch over what one item alone takes on its node in that step, by its profile. */
export interface Grown {
  variant: string
  size: number
  oneMs: number
  times: number
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

/** Of batches of one node, variant and size around their mean, the pace of their steps apart. */
function spreadOf(batches: readonly Batch[], parted: { [node: string]: Paced }): number {
  const kinds = Map.groupBy(batches, ({ node, key, size }) => `${node} ${key} ${size}`)
  let [squares, count] = [0, 0]
  for (const alike of kinds.values()) {
    if (alike.length < LEAST_ALIKE) continue
    const even = alike.map(({ node, ms, step }) => ms / (parted[node]?.pace[step] ?? 1))
    const usual = meanOf(even)
    squares += sumOf(even.map((ms) => (ms / usual - 1) ** 2))
    count += even.length - 1
  }
  return count > 0 ? Math.sqrt(squares / count) : 0
}
