/**
 * The store of a coordinator, as a file: read once at its start, written by a worker from then on.
 *
 * @module
 */
import { dirname, join } from 'node:path'
import type { Log } from '../../coordinator/core/log.ts'
import { createKeeper, type Keeper } from '../../coordinator/store/keeper.ts'
import { readOrReplace } from '../../coordinator/store/open.ts'
import { ForeignFileError } from '../../coordinator/store/ours.ts'
import type { Memory } from '../../policy/core/memory.ts'
import { HOME } from '../root.ts'

/** Where nothing else is asked for. */
export const STORE: string = join(HOME, 'coordinator.sqlite')

/**
 * What was kept; nothing where the file is new or cannot be used.
 *
 * @throws ForeignFileError where the file is none of ours
 */
export function readStore(path: string, log: Log): Memory | undefined {
  try {
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const warn = (line: string, event: string) => log(line, 'warn', { event })
    const memory = readOrReplace(path, warn, Deno.renameSync)
    const { profiles, reputations } = memory
    if (profiles.length + reputations.length > 0) {
      log(
        `profiles of ${profiles.length} nodes and judgements of ${reputations.length} are remembered`,
        'info',
        {
          event: 'store_read',
          profiles: profiles.length,
          reputations: reputations.length,
        },
      )
    }
    return memory
  } catch (error) {
    if (error instanceof ForeignFileError) throw error
    log(`what was learned cannot be read: ${(error as Error).message}`, 'warn', {
      event: 'store_failed',
    })
    return undefined
  }
}

export function keepIn(path: string, memory: () => Memory, log: Log): Keeper {
  const createWorker = () =>
    new Worker(new URL('../../../workers/store.ts', import.meta.url), { type: 'module' })
  return createKeeper(path, memory, createWorker, log)
}
