/**
 * What the nodes of `deno task bench live` really took, so that the same can be simulated: how each
 * compares with its profile, how much batches of one kind differ, and what each variant hands on.
 *
 * @module
 */
import type { PolicyEvent, Scheduler } from '../policy/types.ts'
import { type Profiles } from './bench_live_profile.ts'
import { median } from './statistics.ts'

export interface Observed {
  /**
   * By the node's name: median of what batches took over what its profile says of them; of each
   * variant as `task/variant`, and of all as `*`.
   */
  slowness: { [node: string]: { [variant: string]: number } }
  /** Pooled coefficient of variation of batches of one node, variant and size. */
  latencyCv: number
  /** By variant and child task: mean items handed on. */
  fanOut: { [variant: string]: { [task: string]: number } }
  networkMs: number
}

export interface Observer {
  wrap(scheduler: Scheduler, nameOf?: (node: string) => string): Scheduler
  observed(profiles: Profiles): Observed
}

interface Ran {
  node: string
  key: string
  variant: string
  size: number
}

/** Fewer batches of one kind say nothing of their spread. */
const LEAST_ALIKE = 8

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

export function createObserver(): Observer {
  const sent = new Map<number, Ran>()
  const tookMs = new Map<string, { ran: Ran; ms: number[] }>()
  const handedOn = new Map<string, Map<string, number[]>>()
  const networkMs: number[] = []

  function finished(event: Extract<PolicyEvent, { type: 'batch_finished' }>): void {
    const ran = sent.get(event.batch)
    if (ran === undefined) return
    sent.delete(event.batch)
    networkMs.push(event.networkMs)
    const kind = `${ran.node} ${ran.key} ${ran.size}`
    const known = tookMs.get(kind) ?? { ran, ms: [] }
    tookMs.set(kind, known)
    known.ms.push(event.computeMs)
    for (const outcome of event.outcomes) {
      if (!outcome.ok) continue
      for (const [task, items] of Object.entries(outcome.children)) {
        const byTask = handedOn.get(ran.variant) ?? new Map<string, number[]>()
        handedOn.set(ran.variant, byTask)
        byTask.set(task, [...byTask.get(task) ?? [], items.length])
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
    observed(profiles) {
      const ratios = new Map<string, Map<string, number[]>>()
      let squares = 0
      let count = 0
      for (const { ran, ms } of tookMs.values()) {
        const point = profiles.get(ran.node)?.get(ran.key)?.points
          .find(({ batch }) => batch === ran.size)
        if (point !== undefined) {
          const known = ratios.get(ran.node) ?? new Map<string, number[]>()
          ratios.set(ran.node, known)
          const took = ms.map((one) => one / point.latencyMs)
          for (const name of ['*', ran.key.slice(ran.key.indexOf('/') + 1)]) {
            known.set(name, [...known.get(name) ?? [], ...took])
          }
        }
        if (ms.length < LEAST_ALIKE) continue
        const usual = mean(ms)
        squares += ms.reduce((sum, one) => sum + (one / usual - 1) ** 2, 0)
        count += ms.length - 1
      }
      return {
        slowness: Object.fromEntries(
          [...ratios].map(([node, byVariant]) => [
            node,
            Object.fromEntries([...byVariant].map(([name, all]) => [name, median(all)])),
          ]),
        ),
        latencyCv: count > 0 ? Math.sqrt(squares / count) : 0,
        fanOut: Object.fromEntries(
          [...handedOn].map(([variant, byTask]) => [
            variant,
            Object.fromEntries([...byTask].map(([task, counts]) => [task, mean(counts)])),
          ]),
        ),
        networkMs: networkMs.length > 0 ? median(networkMs) : 0,
      }
    },
  }
}
