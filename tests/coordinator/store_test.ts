/** What is learned is kept in a file, and a file that cannot be used is in nobody's way. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { startCoordinator } from '../../src/cli/serve/coordinator.ts'
import { readStore } from '../../src/cli/serve/store.ts'
import { openDatabase } from '../../src/coordinator/store/database.ts'
import { createKeeper } from '../../src/coordinator/store/keeper.ts'
import { mustBeOurs } from '../../src/coordinator/store/ours.ts'
import type { Memory } from '../../src/policy/memory.ts'
import { createWord } from '../../src/policy/trust/word.ts'
import { ask, joinScripted, pipeline, untilHolds } from './fixture.ts'

async function inTemp(run: (path: string) => Promise<void> | void) {
  const dir = await Deno.makeTempDir()
  try {
    await run(join(dir, 'deep', 'store.sqlite'))
  } finally {
    await Deno.remove(dir, { recursive: true })
  }
}

const ref = { pipeline: 'words', task: 'find', variant: 'fast' }
const profile = {
  models: [{ ...ref, points: [{ batch: 1, latencyMs: 12 }] }],
  networkMs: [{ pipeline: 'words', task: 'find', ms: 3 }],
}
const memoryOf = (ids: readonly string[]): Memory => ({
  profiles: ids.map((id) => [id, profile]),
  fanOuts: [{ ...ref, rows: [{ items: 30, mean: 2, variance: 1 }] }],
  words: ids.map((id) => [id, { ...createWord(false), passed: 7 }]),
})

Deno.test('a store gives back what was saved, the newest of each', () =>
  inTemp(async (path) => {
    await Deno.mkdir(join(path, '..'))
    const first = openDatabase(path)
    first.save(memoryOf(['a', 'b']), 1000)
    const { profiles, fanOuts, words } = memoryOf(['b'])
    words[0]![1].quarantined = true
    first.save({ profiles, fanOuts, words }, 2000)
    first.close()
    const again = openDatabase(path).load()
    assert.deepEqual(again.profiles.map(([id]) => id).sort(), ['a', 'b'])
    assert.deepEqual(again.profiles[0]![1], profile)
    assert.deepEqual(again.fanOuts, fanOuts)
    assert.deepEqual(
      Object.fromEntries(again.words.map(([id, { quarantined }]) => [id, quarantined])),
      { a: false, b: true },
    )
  }))

Deno.test('a store keeps so many nodes, those heard of last', () =>
  inTemp(async (path) => {
    await Deno.mkdir(join(path, '..'))
    const store = openDatabase(path)
    const names = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => `n${from + i}`)
    store.save(memoryOf(names(0, 1500)), 1000)
    store.save(memoryOf(names(1500, 2500)), 2000)
    const kept = new Set(store.load().words.map(([id]) => id))
    assert.equal(kept.size, 2000)
    assert.ok(names(1500, 2500).every((id) => kept.has(id)))
    store.save(memoryOf(['late']), 2000 + 91 * 24 * 3600_000)
    assert.deepEqual(store.load().words.map(([id]) => id), ['late'])
    store.close()
  }))

Deno.test('what was kept while the clock was ahead makes room for what is kept since', () =>
  inTemp(async (path) => {
    await Deno.mkdir(join(path, '..'))
    const store = openDatabase(path)
    const names = (letter: string, count: number) =>
      Array.from({ length: count }, (_, i) => `${letter}${i}`)
    store.save(memoryOf(names('a', 1500)), 1000)
    store.save(memoryOf(names('b', 1000)), 5000)
    store.save(memoryOf(names('c', 800)), 2000)
    const kept = store.load().words.map(([id]) => id)
    const count = (letter: string) => kept.filter((id) => id.startsWith(letter)).length
    // Of the first some have gone already, and each of the last is there.
    assert.deepEqual([count('a'), count('b'), count('c')], [1000, 200, 800])
    store.close()
  }))

/** A store with some hundred pages. */
function fill(path: string): void {
  const store = openDatabase(path)
  store.save(memoryOf(Array.from({ length: 500 }, (_, i) => `n${i}`)), 1000)
  store.close()
}

for (
  const [what, spoil] of [
    ['of another version', (path: string) => {
      fill(path)
      const db = new DatabaseSync(path)
      db.exec('PRAGMA user_version = 99')
      db.close()
    }],
    ['that is cut off', (path: string) => Deno.truncateSync(path, 5000)],
    ['that is damaged where nodes are', (path: string) => {
      const bytes = Deno.readFileSync(path)
      Deno.writeFileSync(path, bytes.fill(7, 3 * 4096))
    }],
  ] as const
) {
  Deno.test(`a store ${what} is set aside, and a new one is begun`, () =>
    inTemp(async (path) => {
      await Deno.mkdir(join(path, '..'))
      fill(path)
      spoil(path)
      const lines: string[] = []
      const memory = readStore(path, (line) => void lines.push(line))
      assert.deepEqual(memory, { profiles: [], fanOuts: [], words: [] })
      assert.match(lines.join(), /Cannot use the store: .* kept as .*\.unusable/)
      assert.ok((await Deno.stat(`${path}.unusable`)).isFile)
      openDatabase(path).close()
    }))
}

for (
  const [what, make, fault] of [
    [
      'that is no database',
      (path: string) => Deno.writeTextFileSync(path, 'x'.repeat(5000)),
      /it is no SQLite database; move it away, or name another file with --store/,
    ],
    ['of somebody else', (path: string) => {
      const db = new DatabaseSync(path)
      // A number that many begin with.
      db.exec('CREATE TABLE other (a TEXT); PRAGMA user_version = 1')
      db.close()
    }, /it is a database of something else/],
  ] as const
) {
  Deno.test(`a coordinator does not start with a file ${what}, and leaves it as it is`, () =>
    inTemp(async (store) => {
      const dir = join(store, '..')
      await Deno.mkdir(dir)
      make(store)
      const before = await Deno.readFile(store)
      assert.throws(
        () => startCoordinator({ pipelines: [{ dir: '', pipeline, models: {} }], port: 0, store }),
        fault,
      )
      assert.deepEqual(await Deno.readFile(store), before)
      assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ['store.sqlite'])
    }))
}

Deno.test('a store that is being made is told from a file of something else at any moment', () =>
  inTemp(async (path) => {
    await Deno.mkdir(join(path, '..'))
    const { exec } = DatabaseSync.prototype
    let looks = 0
    // As another coordinator that starts at the same moment opens it.
    DatabaseSync.prototype.exec = function (sql) {
      exec.call(this, sql)
      looks++
      const other = new DatabaseSync(path, { readOnly: true })
      try {
        mustBeOurs(other, path)
      } finally {
        other.close()
      }
    }
    try {
      openDatabase(path).close()
    } finally {
      DatabaseSync.prototype.exec = exec
    }
    assert.ok(looks > 1)
  }))

Deno.test('what could not be written while somebody held the file is written after that', () =>
  inTemp(async (path) => {
    await Deno.mkdir(join(path, '..'))
    openDatabase(path).close()
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    const learned = ['a', 'b'].map((id) => memoryOf([id]))
    const [failed, kept] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()]
    const keeper = createKeeper(
      path,
      // Nobody says it twice.
      () => learned.shift() ?? memoryOf([]),
      () => new Worker(new URL('../../workers/store.ts', import.meta.url), { type: 'module' }),
      (line) => {
        if (line.startsWith('what is learned is not kept: ')) failed.resolve(line)
        if (line === 'what is learned is kept again') kept.resolve()
      },
      10,
    )
    try {
      assert.match(await failed.promise, /locked/)
      other.exec('ROLLBACK')
      await kept.promise
    } finally {
      other.close()
      await keeper.close()
    }
    const store = openDatabase(path)
    assert.deepEqual(store.load().words.map(([id]) => id), ['a', 'b'])
    store.close()
  }))

Deno.test('a coordinator whose store cannot be written by anybody says so once, and goes on', () =>
  inTemp(async (path) => {
    const lines: string[] = []
    const told = Promise.withResolvers<void>()
    const createWorker = () =>
      new Worker('data:application/javascript,throw "no store here"', { type: 'module' })
    const keeper = createKeeper(path, () => memoryOf(['a']), createWorker, (line) => {
      lines.push(line)
      told.resolve()
    }, 1)
    await told.promise
    await keeper.close()
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.match(lines[0]!, /what is learned is not kept: .*no store here/)
  }))

Deno.test('a coordinator remembers what the one before it learned of a node', () =>
  inTemp(async (store) => {
    const start = (log: (line: string) => void) =>
      startCoordinator({ pipelines: [{ dir: '', pipeline, models: {} }], port: 0, store, log })
    const first = start(() => {})
    const node = await joinScripted(first, 'one', undefined, {}, 7)
    await untilHolds(first, 'one', 4)
    assert.equal((await ask(first)).status, 200)
    await first.close(1000)
    await node.closed
    const lines: string[] = []
    const next = start((line) => void lines.push(line))
    await next.close(1000)
    assert.match(lines.join('\n'), /profiles of 1 nodes .* are remembered/)
    const { profiles, fanOuts } = openDatabase(store).load()
    const { models } = profiles[0]![1]
    assert.ok(
      models.some(({ task }) => task === 'find') && models.some(({ task }) => task === 'read'),
    )
    assert.ok(fanOuts.length > 0)
  }))
