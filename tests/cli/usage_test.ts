/** What is typed wrong is told, with what there is. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { storeDir } from '../../src/cli/pipelines/content_store.ts'
import { ROOT } from '../../src/cli/root.ts'
import { startCoordinator } from '../../src/cli/serve/coordinator.ts'
import { OCR } from '../../src/cli/serve/serving.ts'
import { spawnNode } from '../../src/cli/serve/spawn_node.ts'
import { testOfAll } from '../exhaustive.ts'
import { said } from '../said.ts'

async function run(file: string, ...args: string[]) {
  return await runWith({}, file, ...args)
}

async function runWith(env: Record<string, string>, file: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--no-check', '--quiet', join(ROOT, 'src', 'cli', file), ...args],
    ...{ env, stdin: 'null' } as const,
  }).output()
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
  return { code, out: text(stdout), error: said(stderr) }
}

Deno.test('a suite or a benchmark that is not there is refused with those that are', async () => {
  const suite = await run('test.ts', 'polcy')
  assert.equal(suite.code, 1)
  assert.match(suite.error, /^Cannot run polcy: there are .*policy/)
  const bench = await run('bench.ts', 'choas')
  assert.equal(bench.code, 1)
  assert.match(bench.error, /^Cannot run bench choas: there are .*chaos/)
})

testOfAll('a benchmark runs when all that is asked for is known to be possible', async () => {
  const file = await Deno.makeTempFile()
  try {
    for (
      const [args, message] of [
        // The first of the two would say that there is no such file.
        [['curve', 'choas', '--from', 'none', '--svg', 'none'], /^Cannot run bench choas: /],
        [['toString'], /^Cannot run bench toString: /],
        [['live', '--policy', 'static,shoul'], /^Cannot use --policy: .*received shoul/],
        [['live', '--pipeline', file], /^Cannot use pipeline .*: the file cannot be read/],
        [['planner', 'overload', '--seconds', '5'], /^Cannot use --seconds: must be above 5, /],
        [['planner', 'twin', '--from', file], /^Cannot read .*: /],
        [['planner', '--json', join(file, 'x.json')], /^Cannot write .*x\.json: /],
        [['planner', 'live', '--queries', 'x'], /^Cannot use --queries: .*received x/],
        [['planner', 'live', '--policy', ','], /^Cannot use --policy: .*received /],
        [['planner', 'live', '--from', file], /^Cannot use --from: not an option of planner, live/],
        [['planner', 'curve', '--from', file], /^Cannot draw: --from and --svg are needed/],
        [['planner', '--minutes', '1'], /^Cannot use --minutes: not an option of planner/],
        [
          ['planner', 'soak', '--minutes', 'Infinity'],
          /^Cannot use --minutes: .*received Infinity/,
        ],
        [['planner', 'shared', '--seconds', '0.5'], /^Cannot use --seconds: .*received 0\.5/],
      ] as const
    ) {
      const { code, out, error } = await run('bench.ts', ...args)
      assert.equal(code, 1)
      assert.doesNotMatch(out, /== planner/)
      assert.match(error, message)
      assert.doesNotMatch(error, /\n\s+at /)
    }
  } finally {
    await Deno.remove(file)
  }
})

testOfAll(
  'a run in steps is drawn where all is right, or nothing came in time, and what is none is told',
  async () => {
    const dir = await Deno.makeTempDir()
    const [from, svg] = [join(dir, 'live.json'), join(dir, 'curve.svg')]
    const draw = async (text: string) => {
      await Deno.writeTextFile(from, text)
      return await run('bench.ts', 'curve', '--from', from, '--svg', svg)
    }
    const played = (rows: unknown[]) =>
      JSON.stringify({
        live: {
          ...{ pipeline: 'profiles/shelf', steps: [{ fromS: 0, multiple: 1 }] },
          policies: { shoal: { rows } },
        },
      })
    try {
      for (const accuracy of [1, null]) {
        const violationRatio = accuracy === null ? 1 : 0
        const row = { demandPerS: 1, accuracy, violationRatio }
        assert.equal((await draw(played([row]))).code, 0)
        assert.doesNotMatch(await Deno.readTextFile(svg), /NaN|Infinity/)
      }
      for (const other of ['null', '{"live":{"policies":{}}}', 'svg']) {
        const { code, error } = await draw(other)
        assert.equal(code, 1)
        assert.match(error, /^Cannot read .*live\.json: /)
        assert.doesNotMatch(error, /\n\s+at /)
      }
    } finally {
      await Deno.remove(dir, { recursive: true })
    }
  },
)

Deno.test('what one benchmark found is kept where the next one fails', async () => {
  const dir = await Deno.makeTempDir()
  try {
    const json = join(dir, 'all.json')
    const [from, svg] = [join(dir, 'live.json'), join(dir, 'curve.svg')]
    const rows = [{ demandPerS: 1, accuracy: 0.9, violationRatio: 0 }]
    await Deno.writeTextFile(
      from,
      JSON.stringify({
        live: {
          ...{ pipeline: 'profiles/shelf', steps: [{ fromS: 0, multiple: 1 }] },
          policies: { shoal: { rows } },
        },
      }),
    )
    const args = ['--from', from, '--svg', svg, '--pipeline', dir, '--json', json]
    const { code, error } = await run('bench.ts', 'curve', 'chaos', ...args)
    assert.equal(code, 1)
    assert.match(error, /^Cannot use pipeline /)
    assert.deepEqual(JSON.parse(await Deno.readTextFile(json)), {
      curve: { svg, policies: ['shoal'] },
    })
  } finally {
    await Deno.remove(dir, { recursive: true })
  }
})

Deno.test('the tests say how they are called, and that they install what they need', async () => {
  const { code, out } = await run('test.ts', '--help')
  assert.equal(code, 0)
  assert.match(
    out,
    /^deno task test \[--all\] \[SUITE\.\.\.\].*\nThere are .*policy.*\n.*SHOAL_INSTALL=0/s,
  )
})

Deno.test('the benchmarks say how they are called', async () => {
  const help = await run('bench.ts', '--help')
  assert.equal(help.code, 0)
  assert.match(help.out, /^deno task bench/)
  const wrong = await run('bench.ts', 'chaos', '--querys', '5')
  assert.equal(wrong.code, 1)
  assert.match(wrong.error, /--querys[\s\S]*deno task bench/)
  assert.doesNotMatch(wrong.error, /\n\s+at /)
})

Deno.test('a folder that models cannot be kept in is named, with what to do', async () => {
  const file = await Deno.makeTempFile()
  try {
    // As on a disk that is full or that nobody may write to: there can be no folder in a file.
    const SHOAL_CACHE = join(file, 'models')
    for (const command of ['start.ts', 'profile.ts']) {
      const { code, error } = await runWith({ SHOAL_CACHE }, command, '--pipeline', OCR)
      assert.equal(code, 1)
      assert.match(error, /^Cannot keep .*models.*: Not a directory \(os error 20\)\. SHOAL_CACHE/m)
      assert.doesNotMatch(error, /\n\s+at /)
    }
  } finally {
    await Deno.remove(file)
  }
})

Deno.test('the client is packed into no folder that holds anything else', async () => {
  const folder = await Deno.makeTempDir()
  try {
    const own = join(folder, 'thesis.txt')
    await Deno.writeTextFile(own, 'years of work')
    const refused = await run('pack_client.ts', '--to', folder)
    assert.equal(refused.code, 1)
    assert.match(refused.error, /^Cannot pack into .*: it holds something else/)
    assert.equal(await Deno.readTextFile(own), 'years of work')
    // There can be no folder in a file, and none where the system keeps its own.
    for (const to of [join(own, 'client'), '/proc/nowhere/client']) {
      const nowhere = await run('pack_client.ts', '--to', to)
      assert.match(nowhere.error, /^Cannot pack into .*client: /)
      assert.doesNotMatch(nowhere.error, /\n\s+at /)
    }
    const packed = join(folder, 'packed')
    for (const _ of ['into none', 'over the last one']) {
      assert.equal((await run('pack_client.ts', '--to', packed)).code, 0)
    }
    assert.equal(
      JSON.parse(await Deno.readTextFile(join(packed, 'package.json'))).name,
      'shoal-client',
    )
    assert.match(
      (await run('pack_client.ts', '--too', packed)).error,
      /--too[\s\S]*deno task pack-client/,
    )
  } finally {
    await Deno.remove(folder, { recursive: true })
  }
})

Deno.test('SHOAL_CACHE that is set to nothing is as if it were not set', async () => {
  const before = Deno.env.get('SHOAL_CACHE')
  Deno.env.set('SHOAL_CACHE', '')
  const name = `usage-${crypto.randomUUID()}`
  const kept = join(ROOT, '.shoal', 'nodes', `identity-${name}.json`)
  const coordinator = startCoordinator({ pipelines: [], port: 0 })
  try {
    assert.equal(storeDir(), join(ROOT, '.shoal', 'models'))
    const node = spawnNode(coordinator.localUrl, name, ['--slots', '1'])
    while (coordinator.pool.nodes().length === 0) await new Promise((done) => setTimeout(done, 20))
    node.kill('SIGTERM')
    await node.status
    assert.match(await Deno.readTextFile(kept), /nodeId/)
  } finally {
    if (before === undefined) Deno.env.delete('SHOAL_CACHE')
    else Deno.env.set('SHOAL_CACHE', before)
    await coordinator.close(100)
    for (const left of [kept, `/identity-${name}.json`]) await Deno.remove(left).catch(() => {})
  }
})

Deno.test('a node of the longest name, in letters that take many bytes, is the same when it comes again', async () => {
  const dir = await Deno.makeTempDir()
  const before = Deno.env.get('SHOAL_CACHE')
  Deno.env.set('SHOAL_CACHE', dir)
  const coordinator = startCoordinator({ pipelines: [], port: 0 })
  const { pool, localUrl } = coordinator
  const join = async () => {
    const node = spawnNode(localUrl, '\u6f22'.repeat(64), ['--slots', '1'])
    while (pool.nodes().length === 0) await new Promise((done) => setTimeout(done, 20))
    const { id } = pool.nodes()[0]!
    node.kill('SIGTERM')
    await node.status
    while (pool.nodes().length > 0) await new Promise((done) => setTimeout(done, 20))
    return id
  }
  try {
    assert.equal(await join(), await join())
  } finally {
    if (before === undefined) Deno.env.delete('SHOAL_CACHE')
    else Deno.env.set('SHOAL_CACHE', before)
    await coordinator.close(100)
    await Deno.remove(dir, { recursive: true })
  }
})
