/**
 * A new worker with variants in it, beside those that serve.
 *
 * @module
 */
import type { Clock } from '../clock.ts'
import type { Answer, Failure } from '../engine/answer.ts'
import type { EngineUse } from '../engine/engine.ts'
import type { InstanceSpec, Warmed, WorkerAssets } from '../engine/worker_api.ts'
import type { Decoding } from './decoding.ts'
import type { Processors } from './processors.ts'
import type { Renewal, Slot } from './types.ts'
import { createWorkerClient, type WorkerClient } from './worker_client.ts'

export interface BringUpOptions {
  clock: Clock
  assets: WorkerAssets
  createWorker(): Worker
  engine: EngineUse
  specs: readonly InstanceSpec[]
  fetchModel(spec: InstanceSpec): Promise<Uint8Array>
  /** Longest load of one variant. */
  maxLoadMs: number
  decoding?: Decoding | undefined
  processors?: Processors | undefined
  onDeath?(client: WorkerClient, failure: Failure): void
  /** Told of the worker at once, for whoever may have to end it half way. */
  started?(client: WorkerClient): void
}

export interface FreshWorker {
  client: WorkerClient
  held: { spec: InstanceSpec; loadMs: number; warmed: Warmed }[]
}

const INIT_MS = 60_000

/** All or nothing: where one variant fails, the worker is ended. */
export async function bringUp(options: BringUpOptions): Promise<Answer<FreshWorker>> {
  const { clock, maxLoadMs, decoding, processors } = options
  const client = createWorkerClient(options.createWorker(), {
    clock,
    decoding,
    processors,
    onDeath: (failure) => options.onDeath?.(client, failure),
  })
  options.started?.(client)
  const fail = (failure: Failure): Failure => {
    client.close()
    return failure
  }
  const up = await client.init(options.assets, options.engine, Math.min(INIT_MS, maxLoadMs))
  if (!up.ok) return fail(up)
  const held: FreshWorker['held'] = []
  for (const spec of options.specs) {
    const fromMs = clock.nowMs()
    let bytes: Uint8Array | undefined
    try {
      const needs = await client.needs(spec.hash)
      if (!needs.ok) return fail(needs)
      if (needs.value) bytes = await options.fetchModel(spec)
    } catch (error) {
      return fail({ ok: false, code: 'load_failed', message: (error as Error).message })
    }
    const answer = await client.load(spec, bytes, maxLoadMs)
    if (!answer.ok) return fail(answer)
    held.push({ spec, loadMs: clock.nowMs() - fromMs, warmed: answer.value })
  }
  return { ok: true, value: { client, held } }
}

/** What a slot does with a worker that was brought up for it. */
export interface RenewalHooks {
  closed(): boolean
  died(client: WorkerClient, failure: Failure): void
  commit(fresh: FreshWorker): void
}

/** A worker that can take a slot over at once; nothing where that fails. */
export async function prepareRenewal(
  options: Omit<BringUpOptions, 'onDeath'>,
  hooks: RenewalHooks,
): Promise<Renewal | undefined> {
  const answer = await bringUp({ ...options, onDeath: hooks.died })
  if (!answer.ok) return undefined
  const { client } = answer.value
  const discard = () => client.close()
  if (hooks.closed()) discard()
  if (client.death !== undefined) return undefined
  return { commit: () => hooks.closed() ? discard() : hooks.commit(answer.value), discard }
}

/**
 * Brings up a new worker for each slot and has them take over together, so that no figures of two
 * engines mix. `ready` is asked when all are up; where it says no, or one failed, nothing changes.
 */
export async function renewSlots(slots: readonly Slot[], ready: () => boolean): Promise<boolean> {
  const renewals = await Promise.all(slots.map((slot) => slot.renew()))
  const go = !renewals.includes(undefined) && ready()
  for (const renewal of renewals) go ? renewal?.commit() : renewal?.discard()
  return go
}
