/**
 * The workers of the pool: who is there, of which class, and the swapping of what they hold.
 *
 * A swap blocks, as everywhere in the paper and its peers: the worker finishes what was sent to it,
 * lets its variant go where memory has no room for both, loads the new one, and only then serves.
 *
 * @module
 */
import { usablePoints } from '../policy/estimate/base.ts'
import { createGone } from '../policy/estimate/gone.ts'
import type {
  LatencyPoint,
  NodeId,
  PolicyCommand,
  PolicyEvent,
  VariantRef,
} from '../policy/core/types.ts'
import { createClasses } from './classes.ts'
import type { Model, Variant } from './model.ts'
import type { Worker } from './worker.ts'

type EventOf<T extends PolicyEvent['type']> = Extract<PolicyEvent, { type: T }>

export interface Pool {
  all(): readonly Worker[]
  join(event: EventOf<'node_joined'>): void
  /** True when the plan has to take notice. The workers that went with lost slots are in `lost`. */
  report(event: EventOf<'node_reported'>, lost: Worker[]): boolean
  able(event: EventOf<'node_able'>): void
  leave(node: NodeId): Worker[]
  ready(event: EventOf<'instance_ready'>): Worker | undefined
  failed(event: EventOf<'load_failed'>): void
  give(worker: Worker, target: { variant: Variant; batch: number } | null): void
  /** Goes on with the swap, when nothing it was sent is out any more. */
  proceed(worker: Worker): void
}

const MAX_SLOTS = 64

interface Node {
  workers: Worker[]
  able: Worker['able']
  memoryBytes: number
  duty: number
}

export function createPool(model: Model, emit: (command: PolicyCommand) => void): Pool {
  const classes = createClasses(model)
  const nodes = new Map<NodeId, Node>()
  /** Kept when a node leaves: it may come back. */
  const measured = new Map<NodeId, Map<Variant, LatencyPoint[]>>()
  const gone = createGone((id) => measured.delete(id))
  let all: Worker[] | null = null

  const workerOf = ({ node, slot }: { node: NodeId; slot: number }) =>
    nodes.get(node)?.workers[slot]

  function ableOf(refs: EventOf<'node_joined'>['able']): Worker['able'] {
    const able: Worker['able'] = new Map()
    for (const { memoryBytes = 0, ...ref } of refs) {
      const variant = model.find(ref)
      if (variant !== undefined) able.set(variant, memoryBytes)
    }
    return able
  }

  const classOf = (id: NodeId, { able, duty }: Node) =>
    classes.classOf([...able.keys()], measured.get(id) ?? new Map(), duty)

  /** Figures or abilities changed. */
  function reclass(id: NodeId): void {
    const node = nodes.get(id)!
    const { able, workers } = node
    const found = classOf(id, node)
    for (const worker of workers) Object.assign(worker, { class: found, able })
  }

  function resize(id: NodeId, slots: number): Worker[] {
    const node = nodes.get(id)!
    all = null
    const lost = node.workers.splice(Math.min(Math.max(Math.trunc(slots) || 0, 0), MAX_SLOTS))
    while (node.workers.length < Math.min(slots, MAX_SLOTS)) {
      node.workers.push({
        node: id,
        slot: node.workers.length,
        class: classOf(id, node),
        able: node.able,
        memoryBytes: node.memoryBytes,
        held: new Set(),
        paused: false,
        roundTripMs: 0,
        variant: null,
        batch: 1,
        loading: null,
        queue: [],
        sent: [],
        freeAtMs: 0,
        wakeMs: Infinity,
        lastBatchMs: -Infinity,
        batches: 0,
        items: 0,
      })
    }
    return lost
  }

  const bytesOf = (worker: Worker) =>
    [...worker.held].reduce((sum, variant) => sum + (worker.able.get(variant) ?? 0), 0)

  function send(type: 'load' | 'unload', { node, slot }: Worker, ref: VariantRef): void {
    emit({ type, node, slot, ...ref })
  }

  function proceed(worker: Worker): void {
    const { variant, held, loading, sent, able } = worker
    if (variant === null || loading !== null || held.has(variant) || sent.length > 0) return
    for (const other of [...held]) {
      if (bytesOf(worker) + (able.get(variant) ?? 0) <= worker.memoryBytes) break
      held.delete(other)
      send('unload', worker, other.ref)
    }
    worker.loading = variant
    send('load', worker, variant.ref)
  }

  return {
    all: () => all ??= [...nodes.values()].flatMap(({ workers }) => workers),
    join({ node, slots, duty, able, memoryBytes = Infinity }) {
      gone.joined(node)
      nodes.set(node, { workers: [], able: ableOf(able), memoryBytes, duty: duty > 0 ? duty : 1 })
      resize(node, slots)
    },
    report({ node: id, paused, slots, duty, roundTripMs, profile }, lost) {
      const node = nodes.get(id)
      if (node === undefined) return false
      if (profile !== undefined) {
        const known = measured.get(id) ?? new Map<Variant, LatencyPoint[]>()
        for (const { points, ...ref } of profile) {
          const variant = model.find(ref)
          const usable = usablePoints(points)
          if (variant !== undefined && usable.length > 0) known.set(variant, usable)
        }
        measured.set(id, known)
      }
      if (duty !== undefined) node.duty = duty > 0 ? duty : 1
      if (profile !== undefined || duty !== undefined) reclass(id)
      if (slots !== undefined) lost.push(...resize(id, slots))
      for (const worker of node.workers) {
        if (paused !== undefined) worker.paused = paused
        if (roundTripMs !== undefined) worker.roundTripMs = roundTripMs
      }
      return [profile, slots, duty, paused].some((news) => news !== undefined)
    },
    able({ node: id, able }) {
      const node = nodes.get(id)
      if (node === undefined) return
      node.able = ableOf(able)
      reclass(id)
    },
    leave(id) {
      const workers = nodes.get(id)?.workers ?? []
      if (nodes.delete(id)) gone.left(id)
      all = null
      return workers
    },
    ready(event) {
      const worker = workerOf(event)
      const variant = model.find(event)
      if (worker === undefined || variant === undefined) return undefined
      worker.held.add(variant)
      if (worker.loading === variant) worker.loading = null
      proceed(worker)
      return worker
    },
    failed(event) {
      const worker = workerOf(event)
      const variant = model.find(event)
      if (worker === undefined || variant === undefined) return
      worker.held.delete(variant)
      // Tried again at the next round of the load balancer.
      if (worker.loading === variant) worker.loading = null
    },
    give(worker, target) {
      worker.variant = target?.variant ?? null
      if (target !== null) worker.batch = target.batch
      proceed(worker)
    },
    proceed,
  }
}
