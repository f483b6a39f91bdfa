/** What is learned is kept in a file, and a file that cannot be used is in nobody's way. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { startCoordinator } from '../../src/cli/serve/coordinator.ts'
import { readStore } from '../../src/cli/serve/store.ts'
import { openDatabase } from '../../src/coordinator/store/database.ts'
import { createKeeper } from '../../src/coordinator/store/keeper.ts'
import { mustBeOurs } from '../../src/coordinator/store/ours.ts'
import { ask, joinScripted, pipeline, untilHolds } from './fixture.ts'
import { inTemp, memoryOf, names, profile, saveLate } from './store_scene.ts'

Deno.test('a store gives back what was saved, the newest of each', () =>
  inTemp(async (path) => {
    await Deno.mkdir(join(path, '..'))
    const first = openDatabase(path)
    first.save(memoryOf(['a', 'b']))
    const { profiles, fanOuts, reputations } = memoryOf(['b'])
    reputations[0]![1].quarantined = true
    first.save({ profiles, fanOuts, reputations })
    first.close()
    const again = openDatabase(path).load()
    assert.deepEqual(again.profiles.map(([id]) => id).sort(), ['a', 'b'])
    assert.deepEqual(again.profiles[0]![1], profile)
    assert.deepEqual(again.fanOuts, fanOuts)
    assert.deepEqual(
      Object.fromEntries(again.reputations.map(([id, { quarantined }]) => [id, quarantined])),
      { a: false, b: true },
    )
  }))

/** A store with some hundred pages. */
function fill(path: string): void {
  const store = openDatabase(path)
  store.save(memoryOf(names('n', 500)))
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
      assert.deepEqual(memory, { profiles: [], fanOuts: [], reputations: [] })
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
    assert.match(await saveLate(path, ['a', 'b'].map((id) => memoryOf([id]))), /locked/)
    const store = openDatabase(path)
    assert.deepEqual(store.load().reputations.map(([id]) => id), ['a', 'b'])
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
