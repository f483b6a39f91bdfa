/**
 * A node as its host and its watchers see it.
 *
 * @module
 */
import type { Downloads } from '../pipeline/least_models.ts'
import type { BackendWish } from './backend/choice.ts'
import type { Clock } from './clock.ts'
import type { Adapter } from './engine/adapter.ts'
import type { Host } from './host.ts'
import type { Refusal } from './link/link.ts'
import type { OpenTransport } from './link/transport.ts'
import type { NodeEvent, NodeState } from './state.ts'

export interface NodeOptions {
  host: Host
  /** The coordinator, `http:` or `https:`. */
  url: string
  name?: string
  token?: string
  /** A fixed number of slots; as many as prove worth it where absent. */
  slots?: number
  /** Slots to begin with where their number is not fixed; 1 where absent. */
  firstSlots?: number
  /** Most processors to keep busy. */
  threads?: number
  /**
   * Threads of each run. They count for native, where 1 is the default, and for wasm in an isolated
   * page, where absent means that one and two are measured; elsewhere a run has one.
   */
  threadsPerRun?: number
  /** `auto`, the default, measures. */
  backend?: BackendWish
  /** Why that one, where it is not its volunteer who asked for it. */
  backendReason?: string
  /** Whether the GPU may be used; true by default. */
  gpu?: boolean
  readAdapter?(): Promise<Adapter | undefined>
  /** Most memory to take, in bytes, less than what the host offers. */
  memoryBytes?: number
  /** Most bytes of models to keep on disk; 1 GB by default. */
  diskBytes?: number
  /** `least`: only the smallest model of each task is downloaded, besides what is cached. */
  downloads?: Downloads
  /** Whether programs of pipelines' authors may run here; not unless the volunteer says so. */
  code?: boolean
  /** Nothing is downloaded before the coordinator asks for it, and it knows. */
  cold?: boolean
  /** What the device takes at rest and with all slots busy, if the volunteer knows: 0 to 1000 each. */
  watts?: { idle: number; busy: number }
  /** Share of the time a slot may work, 0.01 to 1. */
  duty?: number
  clock?: Clock
  random?: () => number
  open?: OpenTransport
  /** First and longest wait before a lost link is tried again. */
  retryMs?: { first: number; most: number }
  /**
   * Whether to measure while idle, backends included; figures from warming up are sent either way.
   */
  measure?: boolean
}

export interface VolunteerNode {
  /**
   * Joins, and keeps joining again after each loss.
   *
   * @throws Error where the backend asked for is not to be had
   */
  start(): Promise<void>
  /** Leaves: no new batch, the taken ones answered, bye. Resolves when all is closed. */
  stop(reason?: string): Promise<void>
  /**
   * Takes no new work until `resume`; what runs is finished, what is held stays.
   *
   * @param reason a word for those who watch; `volunteer` by default
   */
  pause(reason?: string): void
  resume(): void
  /** From now on; what was downloaded before stays. */
  setDownloads(downloads: Downloads): void
  readonly state: NodeState
  subscribe(listener: (event: NodeEvent, state: NodeState) => void): () => void
  /** Resolves when the node has left, with the refusal if that was why. */
  readonly left: Promise<Refusal | undefined>
}
