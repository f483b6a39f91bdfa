/**
 * The auditor: a worker of the coordinator's own that serves no query. It gets items that other nodes
 * got, one check after another, and its results count as the truth.
 *
 * It is no node of the pool: its slot is kept only here, so that planning, counting and serving never see
 * it. It loads variants as checks require them, and unloads the one not used for longest.
 *
 * @module
 */
import type { Shapes, VariantShape } from '../core/graph.ts'
import type {
  BatchId,
  DispatchedItem,
  ItemOutcome,
  NodeId,
  PolicyCommand,
  PolicyEvent,
} from '../core/types.ts'
import { bytesListed } from '../state/node.ts'
import type { Finished } from '../state/finish.ts'
import { trust as params } from './params.ts'

/** A check for the auditor, and its callback. */
export interface Audit {
  variant: VariantShape
  items: DispatchedItem[]
  /** Earlier outcomes of these items. */
  like: ItemOutcome[] | undefined
  /** ms after which it is ended: one input must not keep others waiting. */
  limitMs: number
  /** `ranMs` is undefined if it never began; `event` is undefined if it has no result, or the auditor left. */
  ended(nowMs: number, ranMs?: number, event?: Finished): void
}

/** Its batch numbers start here, those of the pool at 1, so they never meet. */
const FIRST_BATCH = 2 ** 52

export class Auditor {
  /** Undefined while the auditor is away. */
  id: NodeId | undefined
  /** Variants it is able to hold, with the bytes of each. */
  private able = new Map<VariantShape, number>()
  /** Variants it holds; the last used comes last. */
  private readonly held = new Set<VariantShape>()
  /** Variants that failed to load, and until when they are not tried again. */
  private readonly failed = new Map<VariantShape, number>()
  /** The check under way, and since when; without a batch while its variant loads. */
  private current:
    | { audit: Audit; batch: BatchId | undefined; sinceMs: number; untilMs: number }
    | undefined
  private nextBatch = FIRST_BATCH

  constructor(
    private readonly shapes: Pick<Shapes, 'find'>,
    private readonly emit: (command: PolicyCommand) => void,
    /** Whether an auditor is configured: also true while it starts, or is away. */
    public isOn = false,
  ) {}

  get idle(): boolean {
    return this.id !== undefined && this.current === undefined
  }

  /** Whether it can hold this variant; assumed while it is away. */
  isAble(variant: VariantShape): boolean {
    return this.isOn && (this.id === undefined || this.able.has(variant))
  }

  /** Estimated ms until it is free: as long again as its check has taken; or until it has started. */
  freeInMs(nowMs: number): number {
    if (this.id === undefined) return params.startMs
    if (this.current === undefined) return 0
    return Math.min(nowMs - this.current.sinceMs, this.current.untilMs - nowMs)
  }

  /** Whether it can check this variant now. */
  knows(variant: VariantShape, nowMs: number): boolean {
    return this.id !== undefined && this.able.has(variant) &&
      (this.failed.get(variant) ?? 0) <= nowMs
  }

  /** ms by which checks of variants not held are put off, so that held ones go first. */
  putOffMs(variant: VariantShape): number {
    return this.held.has(variant) ? 0 : params.patienceMs
  }

  /** Starts a check; the auditor must be idle. */
  ask(audit: Audit, nowMs: number): void {
    const { variant } = audit
    if (this.held.has(variant)) return this.run(audit, nowMs)
    this.makeRoom(this.able.get(variant) ?? 0)
    const untilMs = nowMs + params.loadMs
    this.current = { audit, batch: undefined, sinceMs: nowMs, untilMs }
    this.emit({ type: 'load', node: this.id!, slot: 0, ...variant.ref })
  }

  /** Handles the events that concern only the auditor; returns false for all others. */
  takes(event: PolicyEvent, nowMs: number): boolean {
    if (event.type === 'node_joined' && event.judge === true) {
      this.isOn = true
      this.become(event.node, nowMs)
      this.able = bytesListed(this.shapes, event.able)
      return true
    }
    if (event.type === 'batch_finished' || event.type === 'batch_failed') {
      if (event.batch < FIRST_BATCH) return false
      if (event.batch !== this.current?.batch) return true
      this.end(nowMs, event.type === 'batch_finished' ? event : undefined)
      return true
    }
    if (event.type === 'pipeline_removed') this.drop(event.pipeline)
    if (!('node' in event) || event.node !== this.id) return false
    if (event.type === 'node_left') this.become(undefined, nowMs)
    if (event.type === 'node_able') this.able = bytesListed(this.shapes, event.able)
    if (event.type === 'instance_ready' || event.type === 'load_failed') {
      const variant = this.shapes.find(event)
      if (variant !== undefined) this.loaded(variant, event.type === 'instance_ready', nowMs)
    }
    return true
  }

  /** Ends a check or load that takes too long. */
  sweep(nowMs: number): void {
    if (this.current === undefined || nowMs < this.current.untilMs) return
    const { batch, audit: { variant } } = this.current
    if (batch === undefined) this.failed.set(variant, nowMs + params.loadMs)
    else this.emit({ type: 'cancel_batch', node: this.id!, batch })
    this.end(nowMs)
  }

  nextMs(): number {
    return this.current?.untilMs ?? Infinity
  }

  private run(audit: Audit, nowMs: number): void {
    const { variant, items, like, limitMs } = audit
    this.held.delete(variant)
    this.held.add(variant)
    const batch = this.nextBatch++
    // The auditor ends long runs itself; `endingMs` later the check is given up.
    this.current = { audit, batch, sinceMs: nowMs, untilMs: nowMs + limitMs + params.endingMs }
    this.emit({
      type: 'dispatch',
      batch,
      node: this.id!,
      slot: 0,
      ...variant.ref,
      items,
      deadlineMs: nowMs + limitMs,
      expectedMs: limitMs,
      giveUpMs: limitMs,
      ...like === undefined ? {} : { like },
    })
  }

  private end(nowMs: number, event?: Finished): void {
    const { current } = this
    this.current = undefined
    const ranMs = current?.batch === undefined ? undefined : nowMs - current.sinceMs
    current?.audit.ended(nowMs, ranMs, event)
  }

  private makeRoom(bytes: number): void {
    let taken = bytes
    for (const variant of this.held) taken += this.able.get(variant) ?? 0
    for (const variant of this.held) {
      if (taken <= params.heldBytes) return
      taken -= this.able.get(variant) ?? 0
      this.unload(variant)
    }
  }

  private unload(variant: VariantShape): void {
    this.held.delete(variant)
    this.emit({ type: 'unload', node: this.id!, slot: 0, ...variant.ref })
  }

  private loaded(variant: VariantShape, ok: boolean, nowMs: number): void {
    if (ok) this.held.add(variant)
    else {
      this.held.delete(variant)
      this.failed.set(variant, nowMs + params.loadMs)
    }
    if (this.current?.audit.variant !== variant || this.current.batch !== undefined) return
    if (ok) this.run(this.current.audit, nowMs)
    else this.end(nowMs)
  }

  /** Replaces the auditor, or removes it. */
  private become(next: NodeId | undefined, nowMs: number): void {
    this.id = next
    this.held.clear()
    this.failed.clear()
    this.end(nowMs)
  }

  /** Drops the variants of a removed pipeline. */
  private drop(name: string): void {
    for (const variant of this.held) if (variant.ref.pipeline === name) this.unload(variant)
    for (const variant of this.failed.keys()) {
      if (variant.ref.pipeline === name) this.failed.delete(variant)
    }
  }
}
