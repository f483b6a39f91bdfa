/**
 * The auditor: a worker of the coordinator's own that serves no query. It is asked what others were
 * asked, one thing after another, and what it says is the truth.
 *
 * It is no node of the pool: its slot is kept here alone, so that nothing that plans, counts or
 * serves meets it. It loads what it is asked for, and lets go of what it was not asked for longest.
 *
 * @module
 */
import type { Finished } from '../state/finish.ts'
import { bytesListed } from '../place/member.ts'
import type { Shapes, VariantShape } from '../core/graph.ts'
import type {
  BatchId,
  DispatchedItem,
  ItemOutcome,
  NodeId,
  PolicyCommand,
  PolicyEvent,
} from '../core/types.ts'

/** What it is asked, and who is told what came of it. */
export interface Audit {
  variant: VariantShape
  items: DispatchedItem[]
  /** What was said of these items before. */
  like: ItemOutcome[] | undefined
  said(event: Finished, nowMs: number): void
  /** It could not say, or went away. */
  lost(nowMs: number): void
}

export interface Auditor {
  /** Undefined while it is not there. */
  readonly id: NodeId | undefined
  /** It is there, and at nothing. */
  readonly idle: boolean
  /** Whether it could be asked about this variant. */
  knows(variant: VariantShape, nowMs: number): boolean
  /** Milliseconds by which others are to be asked about before what it would have to load. */
  putOffMs(variant: VariantShape): number
  /** Asks it, which has to be idle. */
  ask(audit: Audit, nowMs: number): void
  /** Takes the events that concern it alone; false for all others. */
  takes(event: PolicyEvent, nowMs: number): boolean
  /** Gives up what takes too long. */
  sweep(nowMs: number): void
  nextMs(): number
}

/** Bytes of variants that it holds at the same time; one that takes more it holds alone. */
const MOST_BYTES = 128e6
/**
 * Milliseconds after which a load and a batch are given up: far longer than they take on an idle
 * machine, since everything else on the machine goes before it.
 */
const LOAD_MS = 60_000
const RUN_MS = 30_000
/** Milliseconds before a variant is tried again that it could not load. */
const AGAIN_MS = 60_000
/**
 * Milliseconds, for each byte, that what it does not hold is put off: what it holds is done together,
 * and what is small, and so quick, comes before what is large.
 */
const PUT_OFF_MS = 50 / 1e6
/** Its batches are numbered from here, those of the pool from 1: neither gets to the other's. */
const FIRST_BATCH = 2 ** 52

export function createAuditor(
  shapes: Pick<Shapes, 'find'>,
  emit: (command: PolicyCommand) => void,
): Auditor {
  let id: NodeId | undefined
  /** What it is able to hold, with the bytes that each takes. */
  let able = new Map<VariantShape, number>()
  /** What it holds; what it was asked for last stands last. */
  const held = new Set<VariantShape>()
  /** Variants that it could not load, and until when they are not tried again. */
  const failed = new Map<VariantShape, number>()
  let current: { audit: Audit; batch: BatchId | undefined; untilMs: number } | undefined
  let nextBatch = FIRST_BATCH

  function end(): Audit | undefined {
    const audit = current?.audit
    current = undefined
    return audit
  }

  function run(audit: Audit, nowMs: number): void {
    const { variant, items, like } = audit
    held.delete(variant)
    held.add(variant)
    current = { audit, batch: nextBatch++, untilMs: nowMs + RUN_MS }
    emit({
      ...{ type: 'dispatch', batch: current.batch!, node: id!, slot: 0, ...variant.ref, items },
      ...{ deadlineMs: current.untilMs, expectedMs: RUN_MS, giveUpMs: RUN_MS },
      ...like === undefined ? {} : { like },
    })
  }

  function unload(variant: VariantShape): void {
    held.delete(variant)
    emit({ type: 'unload', node: id!, slot: 0, ...variant.ref })
  }

  function makeRoom(bytes: number): void {
    let taken = bytes
    for (const variant of held) taken += able.get(variant) ?? 0
    for (const variant of held) {
      if (taken <= MOST_BYTES) return
      taken -= able.get(variant) ?? 0
      unload(variant)
    }
  }

  function loaded(variant: VariantShape, ok: boolean, nowMs: number): void {
    if (ok) held.add(variant)
    else {
      held.delete(variant)
      failed.set(variant, nowMs + AGAIN_MS)
    }
    if (current?.audit.variant !== variant || current.batch !== undefined) return
    if (ok) run(current.audit, nowMs)
    else end()!.lost(nowMs)
  }

  /** Another one, or none, is there from now on. */
  function become(next: NodeId | undefined, nowMs: number): void {
    id = next
    held.clear()
    failed.clear()
    end()?.lost(nowMs)
  }

  function dropPipeline(name: string): void {
    for (const variant of [...held]) if (variant.ref.pipeline === name) unload(variant)
    for (const variant of failed.keys()) if (variant.ref.pipeline === name) failed.delete(variant)
  }

  return {
    get id() {
      return id
    },
    get idle() {
      return id !== undefined && current === undefined
    },
    knows: (variant, nowMs) =>
      id !== undefined && able.has(variant) && (failed.get(variant) ?? 0) <= nowMs,
    putOffMs: (variant) => held.has(variant) ? 0 : (able.get(variant) ?? 0) * PUT_OFF_MS,
    ask(audit, nowMs) {
      const { variant } = audit
      if (held.has(variant)) return run(audit, nowMs)
      makeRoom(able.get(variant) ?? 0)
      current = { audit, batch: undefined, untilMs: nowMs + LOAD_MS }
      emit({ type: 'load', node: id!, slot: 0, ...variant.ref })
    },
    takes(event, nowMs) {
      if (event.type === 'node_joined' && event.judge === true) {
        become(event.node, nowMs)
        able = bytesListed(shapes, event.able)
        return true
      }
      if (event.type === 'batch_finished' || event.type === 'batch_failed') {
        if (event.batch < FIRST_BATCH) return false
        if (event.batch !== current?.batch) return true
        if (event.type === 'batch_finished') end()!.said(event, nowMs)
        else end()!.lost(nowMs)
        return true
      }
      if (event.type === 'pipeline_removed') dropPipeline(event.pipeline)
      if (!('node' in event) || event.node !== id) return false
      if (event.type === 'node_left') become(undefined, nowMs)
      if (event.type === 'node_able') able = bytesListed(shapes, event.able)
      if (event.type === 'instance_ready' || event.type === 'load_failed') {
        const variant = shapes.find(event)
        if (variant !== undefined) loaded(variant, event.type === 'instance_ready', nowMs)
      }
      return true
    },
    sweep(nowMs) {
      if (current === undefined || nowMs < current.untilMs) return
      const { batch, audit: { variant } } = current
      if (batch === undefined) failed.set(variant, nowMs + AGAIN_MS)
      else emit({ type: 'cancel_batch', node: id!, batch })
      end()!.lost(nowMs)
    },
    nextMs: () => current?.untilMs ?? Infinity,
  }
}
