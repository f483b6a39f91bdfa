/**
 * Keeps the scheduler's memory: every few seconds a copy goes to a worker that writes it, so that
 * no query waits for a disk.
 *
 * @module
 */
import { type Remote, wrap } from 'comlink'
import type { Memory } from '../../policy/core/memory.ts'
import type { NodeId } from '../../policy/core/types.ts'
import { isDistrusted } from '../../policy/trust/reputation.ts'
import type { Log } from '../core/log.ts'
import { tooMany } from './bound.ts'
import { MAX_SECRETS } from './secrets.ts'
import type { StoreWriter } from './writer.ts'

export interface Keeper {
  /** Writes the rest. Resolves when it is on disk, or took too long. */
  close(): Promise<void>
}

const SAVE_MS = 5000
/** A disk that takes longer does not delay the shutdown. */
const CLOSE_MS = 2000

/** @param createWorker starts `workers/store.ts` */
export function createKeeper(
  path: string,
  memory: () => Memory,
  createWorker: () => Worker,
  log: Log,
  saveMs = SAVE_MS,
): Keeper {
  const worker = createWorker()
  const writer: Remote<StoreWriter> = wrap<StoreWriter>(worker)
  let busy = false
  /** Memory that has yet to be written. */
  let rest: Memory | undefined
  let hasFailed = false
  let dead = false

  function fail(error: unknown): void {
    if (hasFailed) return
    hasFailed = true
    log(`what is learned is not kept: ${(error as Error).message}`, 'warn', {
      event: 'store_failed',
    })
  }

  worker.onerror = (event) => {
    event.preventDefault()
    dead = true
    clearInterval(timer)
    fail(new Error(event.message))
  }

  /** Saves a copy. Full disks and locked files may work again later: errors are logged once. */
  async function save(): Promise<void> {
    // A slow disk gets the next copy when the last one is written.
    if (busy) return
    busy = true
    const all = rest = joined(rest, memory())
    try {
      await writer.save(path, all)
      rest = undefined
      if (hasFailed) log('what is learned is kept again', 'info', { event: 'store_recovered' })
      hasFailed = false
    } catch (error) {
      fail(error)
    } finally {
      busy = false
    }
  }

  const timer = setInterval(() => void save(), saveMs)

  return {
    async close() {
      clearInterval(timer)
      let patience: ReturnType<typeof setTimeout> | undefined
      const late = new Promise<void>((done) => patience = setTimeout(done, CLOSE_MS))
      const last = async () => {
        if (dead) return
        await writer.save(path, joined(rest, memory()))
        await writer.close()
      }
      await Promise.race([last().catch(fail), late])
      clearTimeout(patience)
      worker.terminate()
    },
  }
}

/** The newest record of each node; fan-outs are complete in each copy. */
function joined(before: Memory | undefined, now: Memory): Memory {
  if (before === undefined) return now
  const { profiles, fanOuts, reputations } = now
  const secrets = new Map([...before.secrets ?? [], ...now.secrets ?? []])
  return {
    profiles: newest(before.profiles, profiles, () => false),
    fanOuts,
    reputations: newest(before.reputations, reputations, isDistrusted),
    secrets: [...secrets].slice(-MAX_SECRETS),
  }
}

function newest<T>(
  before: readonly [NodeId, T][],
  now: readonly [NodeId, T][],
  isBad: (one: T) => boolean,
): [NodeId, T][] {
  const ids = new Set(now.map(([id]) => id))
  const all = [...before.filter(([id]) => !ids.has(id)), ...now]
  const dropped = new Set(tooMany(all.toReversed(), ([, one]) => isBad(one)))
  return all.filter((one) => !dropped.has(one))
}
