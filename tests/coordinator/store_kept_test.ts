/** What the store keeps of nodes, for how long, and for whose eyes. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { startCoordinator } from '../../src/cli/serve/coordinator.ts'
import { readStore } from '../../src/cli/serve/store.ts'
import { openDatabase } from '../../src/coordinator/store/database.ts'
import { createStoreWriter } from '../../src/coordinator/store/writer.ts'
import type { Memory } from '../../src/policy/core/memory.ts'
import { newReputation } from '../../src/policy/trust/reputation.ts'
import { pipeline } from './fixture.ts'
import { distrusted, inTemp, memoryOf, names, saveLate } from './store_scene.ts'

/** How many of each letter. */
function countOf({ reputations }: Memory, letters: string): number[] {
  return [...letters].map((letter) => reputations.filter(([id]) => id.startsWith(letter)).length)
}

Deno.test('a store keeps so many nodes, those heard of last', () =>
  inTemp(async (path) => {
    await Deno.mkdir(join(path, '..'))
    const store = openDatabase(path)
    store.save(memoryOf(names('a', 1500)))
    store.save(memoryOf(names('b', 1000)))
    assert.deepEqual(countOf(store.load(), 'ab'), [1000, 1000])
    store.close()
  }))

Deno.test('nodes that merely join push nothing out that is held against others, nor these what others earned', () =>
  inTemp(async (path) => {
    await Deno.mkdir(join(path, '..'))
    const store = openDatabase(path)
    store.save(distrusted(['liar']))
    store.save(memoryOf(names('a', 2500)))
    const { reputations } = store.load()
    assert.equal(reputations.find(([id]) => id === 'liar')?.[1].quarantined, true)
    store.save(distrusted(names('b', 2500)))
    assert.deepEqual(countOf(store.load(), 'alb'), [2000, 0, 2000])
    store.close()
  }))

Deno.test('a clock that is wrong for a while costs nothing of what is kept', () =>
  inTemp(async (path) => {
    await Deno.mkdir(join(path, '..'))
    const { now } = Date
    const yearMs = 365 * 24 * 3600_000
    let aheadMs = 0
    Date.now = () => now() + aheadMs
    const writer = createStoreWriter()
    try {
      writer.save(path, memoryOf(['first']))
      aheadMs = yearMs
      writer.save(path, memoryOf(['ahead']))
      aheadMs = -yearMs
      writer.save(path, memoryOf(['behind']))
      aheadMs = 0
      writer.save(path, memoryOf(names('a', 1999)))
      // Of 2,002 the two that were heard of the longest ago are gone.
      assert.deepEqual(countOf(openDatabase(path).load(), 'afb'), [1999, 0, 1])
    } finally {
      Date.now = now
      writer.close()
    }
  }))

Deno.test('what a later version keeps of a node besides is given back', () =>
  inTemp(async (path) => {
    await Deno.mkdir(join(path, '..'))
    const store = openDatabase(path)
    const memory = memoryOf(['a'])
    Object.assign(memory.reputations[0]![1], { later: 'kept' })
    store.save(memory)
    assert.deepEqual(store.load(), memory)
    store.close()
  }))

Deno.test('a coordinator skips rows that hold something else, says so, and starts with the rest', () =>
  inTemp(async (store) => {
    await Deno.mkdir(join(store, '..'))
    const wrong = names('wrong', 5)
    const kept = openDatabase(store)
    kept.save(memoryOf(['good', ...wrong]))
    kept.close()
    const db = new DatabaseSync(store)
    const spoil = (column: string, value: string, id: string) =>
      db.prepare(`UPDATE nodes SET ${column} = ? WHERE id = ?`).run(value, id)
    spoil('profile', '{}', wrong[0]!)
    spoil('profile', '{"models": [{"points": 3}], "networkMs": []}', wrong[1]!)
    spoil('profile', 'null', wrong[2]!)
    spoil('word', JSON.stringify({ ...newReputation(false), suspicion: 'much' }), wrong[3]!)
    spoil('word', '{"quarantined": ', wrong[4]!)
    db.exec(`INSERT INTO fan_outs VALUES ('words', 'find', 'other', '[]')`)
    db.close()
    const lines: string[] = []
    const coordinator = startCoordinator({
      ...{ pipelines: [{ dir: '', pipeline, models: {} }], port: 0, store },
      log: (line) => void lines.push(line),
    })
    await coordinator.close(1000)
    const said = lines.join('\n')
    assert.match(
      said,
      /6 rows of .* are skipped, the first is the profile of node wrong0: models: /,
    )
    assert.match(said, /profiles of 3 nodes and judgements of 4 are remembered/)
  }))

/** Of the file, and of those that SQLite has beside it while it is open. */
const modesOf = (path: string) =>
  Object.fromEntries(
    ['', '-wal', '-shm'].map((end) => [end, (Deno.statSync(path + end).mode! & 0o777).toString(8)]),
  )

Deno.test({
  name:
    'what is kept of nodes is readable by its owner alone, in a file of an earlier version, too',
  ignore: Deno.build.os === 'windows',
  fn: () =>
    inTemp((path) => {
      readStore(path, () => {})
      assert.equal((Deno.statSync(join(path, '..')).mode! & 0o777).toString(8), '700')
      const first = openDatabase(path)
      first.save(memoryOf(['a']))
      const owners = { '': '600', '-wal': '600', '-shm': '600' }
      assert.deepEqual(modesOf(path), owners)
      for (const end of Object.keys(owners)) Deno.chmodSync(path + end, 0o644)
      const second = openDatabase(path)
      assert.deepEqual(modesOf(path), owners)
      second.close()
      first.close()
    }),
})

Deno.test('of what could not be written yet, nodes that merely join push out nothing held against others', () =>
  inTemp(async (path) => {
    await saveLate(path, [distrusted(['liar']), memoryOf(names('a', 2500))])
    const store = openDatabase(path)
    assert.deepEqual(countOf(store.load(), 'la'), [1, 2000])
    store.close()
  }))
