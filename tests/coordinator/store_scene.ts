/** A store in a folder of its own, and what may be kept in it. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openDatabase } from '../../src/coordinator/store/database.ts'
import { createKeeper } from '../../src/coordinator/store/keeper.ts'
import type { Memory } from '../../src/policy/core/memory.ts'
import { newReputation } from '../../src/policy/trust/reputation.ts'

export async function inTemp(run: (path: string) => Promise<void> | void) {
  const dir = await Deno.makeTempDir()
  try {
    await run(join(dir, 'deep', 'store.sqlite'))
  } finally {
    await Deno.remove(dir, { recursive: true })
  }
}

const ref = { pipeline: 'words', task: 'find', variant: 'fast' }
export const profile = {
  models: [{ ...ref, points: [{ batch: 1, latencyMs: 12 }] }],
  networkMs: [{ pipeline: 'words', task: 'find', ms: 3 }],
}
export const memoryOf = (ids: readonly string[]): Memory => ({
  profiles: ids.map((id) => [id, profile]),
  fanOuts: [{ ...ref, rows: [{ items: 30, mean: 2, variance: 1 }] }],
  reputations: ids.map((id) => [id, { ...newReputation(false), passed: 7 }]),
})

export const names = (letter: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${letter}${i}`)

export function distrusted(ids: readonly string[]): Memory {
  const { profiles, fanOuts, reputations } = memoryOf(ids)
  for (const [, word] of reputations) Object.assign(word, { quarantined: true, sentences: 1 })
  return { profiles, fanOuts, reputations }
}

/** Has a keeper save these one after another, while somebody else holds the file until the last. */
export async function saveLate(path: string, learned: Memory[]): Promise<string> {
  await Deno.mkdir(join(path, '..'))
  openDatabase(path).close()
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  const [failed, all, kept] = [
    Promise.withResolvers<string>(),
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ]
  const keeper = createKeeper(
    path,
    // Nobody says it twice.
    () => {
      if (learned.length === 0) all.resolve()
      return learned.shift() ?? memoryOf([])
    },
    () => new Worker(new URL('../../workers/store.ts', import.meta.url), { type: 'module' }),
    (line) => {
      if (line.startsWith('what is learned is not kept: ')) failed.resolve(line)
      if (line === 'what is learned is kept again') kept.resolve()
    },
    10,
  )
  try {
    const line = await failed.promise
    await all.promise
    other.exec('ROLLBACK')
    await kept.promise
    return line
  } finally {
    other.close()
    await keeper.close()
  }
}
