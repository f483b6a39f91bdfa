/**
 * How long `start` waits for its own nodes before it says that all is served.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from '../../coordinator/pool/pool.ts'

/** For all to be ready. */
const PATIENCE_MS = 20_000
/** And how much longer where loads go on. */
const LOAD_PATIENCE_MS = 280_000
/** Where nothing comes nearer for so long, nothing will: no node can load it, or none is left. */
const STILL_MS = 30_000
/** Unless one is at a load: a node gives it so long, and a slow one needs that. */
const LOADING_MS = 120_000
const LOOK_MS = 50

export interface WarmUpOptions {
  pool: Pick<Pool, 'nodes' | 'ready' | 'isLoading'>
  /** Whether each slot comes to hold all that it can: not by rules of one variant a slot. */
  holdsAll: boolean
  nowMs?: () => number
  pause?: (ms: number) => Promise<unknown>
}

/** Resolves when there is nothing more to wait for, be it served or not. */
export async function warmUp(options: WarmUpOptions): Promise<void> {
  const { pool, holdsAll } = options
  const { nowMs = () => performance.now(), pause = sleep } = options
  const startMs = nowMs()
  let before = ''
  let changedMs = startMs

  /** Somebody's models may be large and far, or such as no node can load. */
  function mustWait(): boolean {
    const now = pool.nodes().map(({ id, instances, progress }) => [id, instances, progress])
    const state = JSON.stringify(now)
    if (state !== before) changedMs = nowMs()
    before = state
    const stillMs = pool.isLoading() ? LOADING_MS : STILL_MS
    return holdsAll && nowMs() - changedMs < stillMs &&
      nowMs() - startMs < PATIENCE_MS + LOAD_PATIENCE_MS
  }

  while (!pool.ready() && (mustWait() || nowMs() - startMs < PATIENCE_MS)) await pause(LOOK_MS)
}
