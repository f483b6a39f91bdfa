/**
 * What a node tells whoever watches it: a terminal, a page.
 *
 * @module
 */
import type { Backend } from './engine/engine.ts'
import type { InUse } from './limits/in_use.ts'
import type { Refusal } from './link/link.ts'
import { createLoads } from './loads.ts'

export type NodePhase = 'idle' | 'connecting' | 'joined' | 'reconnecting' | 'leaving' | 'left'

/** A snapshot; a new object with every change. */
export interface NodeState {
  phase: NodePhase
  nodeId: string | undefined
  slots: number
  /** What of its limits the coordinator has in use. */
  inUse: InUse
  backend: Backend
  /** Why that backend, in one sentence. */
  reason: string
  paused: boolean
  /** Why no work is taken, while that is so. */
  pausedBy: string | undefined
  /** Variants held warm, `slot pipeline/task/variant`. */
  ready: readonly string[]
  /** Why nothing of what is served can be held here, where that is so. */
  unfit: string | undefined
  /** Why the last load failed, where nothing is held and nothing is on its way. */
  loadFailed: string | undefined
  /** Since this node started. */
  batches: number
  items: number
  busyMs: number
  refusal: Refusal | undefined
}

export type NodeEvent =
  | { type: 'connecting'; url: string }
  | { type: 'joined'; epoch: number }
  | { type: 'lost'; reason: string; retryMs: number }
  | { type: 'refused'; refusal: Refusal }
  /** A model on its way; `elapsedMs` since its first byte was asked for. `total` 0: it failed. */
  | { type: 'progress'; label: string; done: number; total: number; elapsedMs: number }
  /** Asked for; `ready` or `load_failed` follows. */
  | { type: 'loading'; slot: number; variant: string }
  | { type: 'ready'; slot: number; variant: string; loadMs: number }
  | { type: 'load_failed'; slot: number; variant: string; message: string }
  | { type: 'batch'; variant: string; items: number; computeMs: number }
  | { type: 'unloaded'; slot: number; variant: string }
  | { type: 'slots'; slots: number }
  /** In use from now on. */
  | ({ type: 'scaled' } & InUse)
  /** Other pipelines are served from now on. */
  | { type: 'served' }
  /** What is run on from now on, and why. */
  | { type: 'backend'; backend: Backend; reason: string }
  /** Figures of an earlier time, used or not, and why. */
  | { type: 'remembered'; used: boolean; measuredAt: string; reason: string }
  | { type: 'restarted'; slot: number; message: string }
  | { type: 'warning'; message: string }
  | { type: 'paused'; paused: boolean; reason?: string }
  | { type: 'leaving'; reason: string }
  | { type: 'left'; reason: string }

export interface Watch {
  emit(event: NodeEvent, change?: Partial<NodeState>): void
  subscribe(listener: (event: NodeEvent, state: NodeState) => void): () => void
  readonly state: NodeState
}

export function createWatch(slots: number, duty = 1): Watch {
  const listeners = new Set<(event: NodeEvent, state: NodeState) => void>()
  const loads = createLoads()
  let state: NodeState = {
    phase: 'idle',
    nodeId: undefined,
    slots,
    inUse: { slots, duty, threads: 1 },
    backend: 'wasm',
    reason: 'wasm: nothing was measured yet',
    paused: false,
    pausedBy: undefined,
    ready: [],
    unfit: undefined,
    loadFailed: undefined,
    batches: 0,
    items: 0,
    busyMs: 0,
    refusal: undefined,
  }
  return {
    emit(event, change) {
      const { ready } = change ?? state
      loads.follow(event, state.ready, ready ?? state.ready)
      state = { ...state, ...change, loadFailed: loads.failed }
      for (const listener of listeners) listener(event, state)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    get state() {
      return state
    },
  }
}
