/**
 * A simulated node: loads variants, runs one batch a slot at a time, and answers after the time
 * that its latencies, its network and its faults say.
 *
 * @module
 */
import type {
  DispatchedItem,
  Handle,
  ItemOutcome,
  PolicyCommand,
  PolicyEvent,
  VariantRef,
} from '../policy/core/types.ts'
import type { Elastic, InUse } from '../policy/core/elastic.ts'
import type { VirtualTime } from './events.ts'
import { lognormal, type Random } from './random.ts'

export interface Faults {
  /** Share of batches that end as failed, and that never end. */
  failRatio?: number
  hangRatio?: number
  loadFailRatio?: number
  /** Share of items that fail in a batch that succeeds: worth another try, or not. */
  itemFailRatio?: number
  fatalRatio?: number
}

export interface NodeSpec extends Elastic {
  id: string
  slots?: number
  duty?: number
  able: VariantRef[]
  /** Of a batch of these items, alone and warm. */
  latencyMs(ref: VariantRef, batch: number, items: readonly DispatchedItem[]): number
  /** Both ways. */
  networkMs?: number
  loadMs?: number
  latencyCv?: number
  faults?: Faults
  /** Of the coordinator's own. */
  own?: boolean
  /** It judges what others say, and serves no query. */
  judge?: boolean
  /** Who stands behind it, where it is not alone. */
  voter?: string
  /** What its results say that they were computed on. */
  backend?: string
  /** What it says in place of what is true. */
  says?(truth: ItemOutcome, payload: Handle, ref: VariantRef, nowMs: number): ItemOutcome
  /** Share of the time a batch takes that it owns up to; the rest passes for the network. */
  ownsUpTo?: number
}

export type Dispatch = Extract<PolicyCommand, { type: 'dispatch' }>

interface SlotState {
  held: Set<string>
  running: Dispatch | null
  waiting: { dispatch: Dispatch; sinceMs: number }[]
}

export interface NodeParts {
  time: VirtualTime
  random: Random
  post(event: PolicyEvent): void
  outcome(query: string, ref: VariantRef, payload: Handle): ItemOutcome
}

export interface SimulatedNode {
  spec: NodeSpec
  holds(slot: number, ref: VariantRef): boolean
  load(slot: number, ref: VariantRef): void
  unload(slot: number, ref: VariantRef): void
  /** What of it is in use; at once, but it says so later. */
  inUse: InUse
  scale(to: InUse): void
  dispatch(command: Dispatch): void
  cancel(batch: number): void
  /** Gone: nothing it still has under way is heard of. */
  stop(): void
}

/** After a hung batch was cancelled the engine is started anew. */
const RESPAWN_MS = 200

const keyOf = (ref: VariantRef) => `${ref.pipeline}/${ref.task}/${ref.variant}`

export function createNode(spec: NodeSpec, parts: NodeParts): SimulatedNode {
  const { time, random, post } = parts
  const { networkMs = 0, loadMs = 0, latencyCv = 0, faults = {}, ownsUpTo = 1 } = spec
  const slots = new Map<number, SlotState>()
  const hung = new Set<number>()
  const cancelled = new Set<number>()
  let stopped = false

  const chance = (ratio = 0) => ratio > 0 && random() < ratio
  const later = (delayMs: number, action: () => void) =>
    time.at(time.nowMs + delayMs, () => {
      if (!stopped) action()
    })

  function slotOf(index: number): SlotState {
    const state = slots.get(index) ?? { held: new Set(), running: null, waiting: [] }
    slots.set(index, state)
    return state
  }

  function start(slot: SlotState): void {
    const next = slot.running === null ? slot.waiting.shift() : undefined
    if (next === undefined) return
    const { dispatch, sinceMs } = next
    slot.running = dispatch
    if (chance(faults.hangRatio)) {
      hung.add(dispatch.batch)
      return
    }
    const speedOf = (threads: number) => spec.speedups?.[threads - 1] ?? 1
    const slower = speedOf(spec.threads ?? 1) / speedOf(node.inUse.threads)
    const computeMs = spec.latencyMs(dispatch, dispatch.items.length, dispatch.items) * slower *
      lognormal(random, latencyCv)
    const nodeQueueMs = time.nowMs - sinceMs
    // Its watchdog ends what takes too long, as that of each real node does.
    if (spec.judge && computeMs > dispatch.giveUpMs) {
      return later(dispatch.giveUpMs, () => {
        later(RESPAWN_MS, () => free(slot))
        post({ type: 'batch_failed', batch: dispatch.batch, message: 'took too long' })
      })
    }
    later(computeMs, () => {
      free(slot)
      if (cancelled.delete(dispatch.batch)) return tellEnded(dispatch.batch, computeMs * ownsUpTo)
      const event: PolicyEvent = chance(faults.failRatio)
        ? { type: 'batch_failed', batch: dispatch.batch, message: 'simulated failure' }
        : {
          type: 'batch_finished',
          batch: dispatch.batch,
          outcomes: dispatch.items.map(({ query, payload }) => outcomeOf(query, dispatch, payload)),
          computeMs: computeMs * ownsUpTo,
          nodeQueueMs,
          networkMs: networkMs + computeMs * (1 - ownsUpTo),
          ...spec.backend === undefined ? {} : { backend: spec.backend },
        }
      later(networkMs / 2, () => post(event))
    })
  }

  function outcomeOf(query: string, ref: VariantRef, payload: Handle): ItemOutcome {
    if (chance(faults.fatalRatio)) {
      return { ok: false, fatal: true, reason: 'invalid_input', message: 'simulated bad input' }
    }
    if (chance(faults.itemFailRatio)) {
      return { ok: false, fatal: false, reason: 'internal', message: 'simulated item failure' }
    }
    const truth = parts.outcome(query, ref, payload)
    return spec.says?.(truth, payload, ref, time.nowMs) ?? truth
  }

  /** Of a batch that was called off while it ran. */
  const tellEnded = (batch: number, computeMs: number) =>
    later(
      networkMs / 2,
      () => post({ type: 'batch_failed', batch, message: 'called off', computeMs }),
    )

  function free(slot: SlotState): void {
    slot.running = null
    start(slot)
  }

  const { threads = 1, slots: lent = 1, duty = 1 } = spec
  const node: SimulatedNode = {
    spec,
    inUse: { slots: spec.cold ? 0 : lent, duty, threads },
    scale(to) {
      node.inUse = to
      later(networkMs / 2, () => post({ type: 'node_scaled', node: spec.id, ...to }))
    },
    holds: (slot, ref) => slotOf(slot).held.has(keyOf(ref)),
    load(index, { pipeline, task, variant }) {
      const ref = { pipeline, task, variant }
      later(loadMs, () => {
        if (chance(faults.loadFailRatio)) {
          const message = 'simulated load failure'
          return post({ type: 'load_failed', node: spec.id, slot: index, message, ...ref })
        }
        slotOf(index).held.add(keyOf(ref))
        post({ type: 'instance_ready', node: spec.id, slot: index, ...ref })
      })
    },
    unload: (slot, ref) => void slotOf(slot).held.delete(keyOf(ref)),
    dispatch(command) {
      later(networkMs / 2, () => {
        if (cancelled.delete(command.batch)) return
        const slot = slotOf(command.slot)
        slot.waiting.push({ dispatch: command, sinceMs: time.nowMs })
        start(slot)
      })
    },
    cancel(batch) {
      for (const slot of slots.values()) {
        const at = slot.waiting.findIndex(({ dispatch }) => dispatch.batch === batch)
        if (at >= 0) {
          slot.waiting.splice(at, 1)
          return
        }
        if (slot.running?.batch === batch && hung.delete(batch)) {
          later(RESPAWN_MS, () => free(slot))
          return
        }
      }
      cancelled.add(batch)
    },
    stop() {
      stopped = true
    },
  }
  return node
}
