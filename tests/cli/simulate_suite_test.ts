/** `deno task simulate --suite` as its users run it: repeatable, and going on where it stopped. */
import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import type { Outcome } from '../../src/sim/suites/rows.ts'
import { cellsOf, createCellStore } from '../../src/cli/simulate/suite/cells.ts'
import { areRun, faultsKept, keptOf, rowsIn } from '../../src/cli/simulate/suite/kept.ts'
import { createFingerprints } from '../../src/cli/simulate/suite/sources.ts'

async function suite(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--no-check', join(ROOT, 'src/cli/simulate.ts'), ...args],
    env: { SHOAL_EVAL: join(ROOT, 'nowhere') },
  }).output()
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
  return { code, stdout: decode(stdout), stderr: decode(stderr) }
}

/** Results by suite, row, policy and seed, without what the machine took. */
async function results(dir: string): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>()
  for await (const { name } of Deno.readDir(join(dir, 'cells'))) {
    const { outcome, ...about } = JSON.parse(await Deno.readTextFile(join(dir, 'cells', name)))
    const { planSolveMsP95: _, ...virtual } = outcome.result
    found.set(JSON.stringify(about), virtual)
  }
  return found
}

const POLICIES = ['--policy', 'static,inferline', '--suite', 'unseen']

Deno.test('a suite ends in tables, and goes on where it stopped: known cells are not run again', async () => {
  const dir = await Deno.makeTempDir()
  const other = await Deno.makeTempDir()
  const first = await suite(...POLICIES, '--seeds', '1', '--jobs', '2', '--out', dir)
  assert.equal(first.code, 0, first.stderr)
  assert.match(first.stderr, /^4 cells, 4 to run/)
  const table = await Deno.readTextFile(join(dir, 'unseen.md'))
  assert.equal(table.trim(), first.stdout.trim())
  for (const policy of ['static', 'inferline']) {
    assert.equal(table.split('\n').filter((line) => line.includes(`| ${policy} |`)).length, 2)
  }
  const { rows } = JSON.parse(await Deno.readTextFile(join(dir, 'unseen.json')))
  assert.equal(rows.length, 4)
  for (const row of rows) {
    assert.ok(row.violationRatio.mean > 0 && row.violationRatio.mean < 1)
    assert.ok(row.effectiveAccuracy.mean > 0.7 && row.bound.accuracy < 1)
  }

  const page = join(dir, 'page.md')
  await Deno.writeTextFile(page, 'Before.\n\n<!-- unseen -->\nold\n<!-- /unseen -->\n\nAfter.\n')
  const args = [...POLICIES, '--seeds', '2', '--out']
  const more = await suite(...args, dir, '--jobs', '1', '--page', page)
  assert.equal(more.code, 0, more.stderr)
  const text = await Deno.readTextFile(page)
  assert.match(text, /^Before\.\n\n<!-- unseen -->\n\n### Three levels/)
  assert.match(text, /\n<!-- \/unseen -->\n\nAfter\.\n$/)
  assert.ok(!text.includes('old'))
  assert.match(more.stderr, /^8 cells, 4 to run/)
  assert.match(more.stdout, /\(\d+\.\d+\.\.\d+\.\d+\)/, 'two seeds have a spread')

  const known = await suite(...POLICIES, '--seeds', '4', '--known', '--out', dir)
  assert.match(known.stderr, /^16 cells, 8 to run/)
  assert.equal(known.stdout, more.stdout, 'tables of what there is, and nothing run')

  const none = await suite(...['--policy', 'loki', '--suite', 'unseen', '--known', '--out', dir])
  assert.equal(none.code, 0, none.stderr)
  assert.match(none.stderr, /unseen: nothing was run; what there is stays/)
  assert.equal((await Deno.readTextFile(join(dir, 'unseen.md'))).trim(), known.stdout.trim())

  // Rows of a policy that is not run stay on the page, word for word.
  const rowsOf = (policy: string, markdown: string) =>
    markdown.split('\n').filter((line) => line.includes(`| ${policy} `)).map((line) =>
      line.replaceAll(/ +/g, ' ')
    )
  const some = await suite(
    ...['--policy', 'static', '--suite', 'unseen', '--seeds', '1', '--out', dir, '--page', page],
  )
  assert.equal(some.code, 0, some.stderr)
  const mixed = await Deno.readTextFile(page)
  assert.deepEqual(rowsOf('inferline', mixed), rowsOf('inferline', text))
  assert.deepEqual(
    rowsOf('static', mixed).map((line) => line.split(' | ').at(-1)),
    ['1 |', '1 |'],
    'one seed of what was run',
  )

  // In one go, over other threads: the same, bit for bit.
  const anew = await suite(...args, other, '--jobs', '2')
  assert.match(anew.stderr, /^8 cells, 8 to run/)
  assert.deepEqual(await results(other), await results(dir))
  assert.equal(anew.stdout, more.stdout)
})

Deno.test('rows of several pipelines are read back from a page, each as it is there', () => {
  const page = [
    ...[
      '### Shared, "all"',
      '',
      '| scenario | bound % | shoal: violations, accuracy | loki: violations, accuracy |',
    ],
    ...['| --- | --- | --- | --- |', '| 60/s and 5/s | 99.67 | 0.015, 99.43 | 2.96, 99.67 |'],
    ...[
      '| 60/s and 5/s: first | | 0.016, 99.39 | 2.13, 99.64 |',
      '| 60/s and 5/s: second | | 0.000, 99.89 | 12.65, 100.00 |',
    ],
    ...['| 6/s and 5/s | 99.67 | 0.000, 99.6 | 1.00, 99.67 |', ''],
  ].join('\n')
  const bound = { served: 1, accuracy: 0.9968 }
  const about = { table: 'Shared, "all"', row: '60/s and 5/s', policy: 'loki', bound }
  const kept = keptOf(rowsIn(page), about, ['first', 'second'])
  assert.deepEqual(kept.map(({ row }) => row), [
    ...['60/s and 5/s', '60/s and 5/s: first', '60/s and 5/s: second'],
  ])
  assert.deepEqual(kept.map(({ policy }) => policy), ['loki', 'loki', 'loki'])
  assert.deepEqual(kept.map((row) => row.bound), [bound, undefined, undefined])
  assert.ok(Math.abs(kept[2]!.violationRatio.mean - 0.1265) < 1e-9)
  // What needs more than a page shows is not made of such rows.
  const scenario = { seed: 1 }
  const cases = [{ ...about, scenario, contenders: [{ policy: 'loki' }] }]
  assert.equal(areRun(kept, cases), false)
  assert.equal(areRun(kept.map((row) => ({ ...row, roots: 100 })), cases), true)
  assert.equal(areRun([], cases), false)
})

Deno.test('what cannot be run is said before anything runs', async () => {
  const unknown = await suite('--suite', 'nothing')
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /Cannot run suite nothing: there are figure5, /)
  const many = await suite('--suite', 'unseen', '--seeds', '10000')
  assert.equal(many.code, 1)
  assert.match(many.stderr, /--seeds: must be an integer from 1 to 9999: received 10000/)
  const missing = await suite('--suite', 'figure5')
  assert.equal(missing.code, 1)
  assert.match(missing.stderr, /no loki-profiles\.json/)
  const estimate = await suite('--suite', 'unseen', '--estimate', '--out', await Deno.makeTempDir())
  assert.equal(estimate.code, 0)
  assert.match(estimate.stderr, /unseen: 60 of 60, about /)
  assert.equal(estimate.stdout, '')
  const out = await Deno.makeTempDir()
  const nowhere = await suite(...POLICIES, '--out', out, '--page', join(out, 'none.md'))
  assert.equal(nowhere.code, 1)
  assert.match(nowhere.stderr, /Cannot write the page .*none\.md: there is no such file/)
  assert.deepEqual([...Deno.readDirSync(out)], [])
  await Deno.writeTextFile(join(out, 'file'), '')
  const file = await suite(...POLICIES, '--out', join(out, 'file', 'in'))
  assert.equal(file.code, 1)
  assert.match(file.stderr, /\nCannot write results into .*file.in: /)
  assert.doesNotMatch(file.stderr, /^\[/m)
})

Deno.test('a result that cannot be read is run again', async () => {
  const dir = await Deno.makeTempDir()
  const scenario = { seed: 1, trace: { binSeconds: 1, rates: [1] } }
  const cases = [{ table: 't', row: 'r', scenario, contenders: [{ policy: 'loki' }] }]
  const [cell] = cellsOf({ name: 'any', about: '', cases: () => cases }, cases, 1, () => '')
  await Deno.mkdir(join(dir, 'cells'))
  await Deno.writeTextFile(join(dir, 'cells', `${cell!.key}.json`), '{"outcome":')
  assert.equal(await createCellStore(dir).find(cell!), undefined)
  await Deno.remove(dir, { recursive: true })
})

Deno.test('runs beside each other that end the same cell both keep it', async () => {
  const dir = await Deno.makeTempDir()
  const scenario = { seed: 1, trace: { binSeconds: 1, rates: [1] } }
  const cases = [{ table: 't', row: 'r', scenario, contenders: [{ policy: 'loki' }] }]
  const [cell] = cellsOf({ name: 'any', about: '', cases: () => cases }, cases, 1, () => '')
  const outcome = { tookS: 1 } as Outcome
  await Promise.all(Array.from({ length: 20 }, () => createCellStore(dir).keep(cell!, outcome)))
  assert.deepEqual(await createCellStore(dir).find(cell!), outcome)
  const names = [...Deno.readDirSync(join(dir, 'cells'))].map(({ name }) => name)
  assert.deepEqual(names, [`${cell!.key}.json`])
  await Deno.remove(dir, { recursive: true })
})

Deno.test('a page keeps what it has of all that was not run', async () => {
  const dir = await Deno.makeTempDir()
  const page = join(dir, 'page.md')
  const head = '| scenario | policy | violations % | accuracy % | bound % | active nodes | seeds |'
  const table = 'Three levels, 12 to 102 queries/s, SLO 600 ms, 12 quick and 12 slow nodes'
  const row = '| "all" | static | 12.34 (12.00..12.50) | 91.00 | 95.00 | 9.0 | 5 |'
  const text = [
    `<!-- unseen -->\n\n### ${table}`,
    `${head}\n| --- | --- | --- | --- | --- | --- | --- |\n${row}`,
    'What it comes to, out of more digits than these.',
    'What schedulers did that they should not:',
    '- shoal: batch refused: variant not held, 29 times in 4 scenarios',
    '<!-- /unseen -->\n',
  ].join('\n\n')
  await Deno.writeTextFile(page, text)
  const write = async (...what: string[]) => {
    const { code, stderr } = await suite('--suite', 'unseen', '--out', dir, '--page', page, ...what)
    assert.equal(code, 0, stderr)
  }
  await write('--known')
  assert.match(await Deno.readTextFile(page), /out of more digits than these/)
  await write('--policy', 'inferline', '--seeds', '1')
  const kept = (await Deno.readTextFile(page)).replaceAll(/ +/g, ' ')
  assert.match(kept, /\| "all" \| static \| 12\.34 \(12\.00\.\.12\.50\) \| 91\.00 \|/)
  assert.match(kept, /they should not:\n\n- shoal: batch refused: variant not held, 29 times in 4 /)
  // Of whom something was run what it did then counts.
  const ran = [{ ...rowsIn(text)[0]!, policy: 'shoal', roots: 10 }]
  assert.deepEqual(faultsKept(text, ran), [])
  await Deno.remove(dir, { recursive: true })
})

Deno.test('a result is good until the sources that it came from change', async () => {
  const root = await Deno.makeTempDir()
  const copy = async (dir: string) => {
    await Deno.mkdir(join(root, dir), { recursive: true })
    for await (const { name, isDirectory } of Deno.readDir(join(ROOT, dir))) {
      const path = `${dir}/${name}`
      if (isDirectory) await copy(path)
      else await Deno.copyFile(join(ROOT, path), join(root, path))
    }
  }
  for (const dir of ['src/policy', 'src/peers', 'src/sim', 'src/pipeline']) await copy(dir)
  const runner = 'src/cli/simulate/run.ts'
  await Deno.mkdir(join(root, dirname(runner)), { recursive: true })
  await Deno.copyFile(join(ROOT, runner), join(root, runner))
  const policies = ['shoal', 'loki', 'loki-published', 'proteus']
  const all = () => policies.map(createFingerprints(root))
  /** Which of them a change to this file makes run again. */
  const touched = async (file: string) => {
    const before = all()
    await Deno.writeTextFile(join(root, file), '\n// changed\n', { append: true })
    const after = all()
    return policies.filter((_, i) => before[i] !== after[i])
  }
  assert.deepEqual(all(), policies.map(createFingerprints()))
  assert.equal(new Set(all()).size, policies.length)
  assert.deepEqual(await touched('src/policy/dispatch/dispatch.ts'), ['shoal'])
  assert.deepEqual(await touched('src/policy/place/lp.ts'), ['shoal'])
  assert.deepEqual(await touched('src/peers/proteus.ts'), ['proteus'])
  assert.deepEqual(await touched('src/sim/content.ts'), policies)
  assert.deepEqual(await touched('src/sim/suites/figure5.ts'), [])
})
