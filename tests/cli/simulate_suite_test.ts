/** `deno task simulate --suite` as its users run it: repeatable, and going on where it stopped. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { faultsKept, rowsIn } from '../../src/sim/suites/run/kept.ts'
import { said } from '../said.ts'
import { testOfAll } from '../exhaustive.ts'

async function suite(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--no-check', join(ROOT, 'src/cli/simulate.ts'), ...args],
    env: { SHOAL_EVAL: join(ROOT, 'nowhere') },
  }).output()
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
  return { code, stdout: decode(stdout), stderr: said(stderr) }
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

testOfAll(
  'a suite ends in tables, and goes on where it stopped: known cells are not run again',
  async () => {
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

    const pages = join(dir, 'results')
    const page = join(pages, 'unseen.md')
    const args = [...POLICIES, '--seeds', '2', '--out']
    const more = await suite(...args, dir, '--jobs', '1', '--results', pages)
    assert.equal(more.code, 0, more.stderr)
    const text = await Deno.readTextFile(page)
    assert.match(text, /^# unseen\n\nThree levels, [^#]+\nSimulated on \d{4}-\d\d-\d\d/)
    assert.match(
      text,
      /```sh\ndeno task simulate --suite unseen --seeds 2 --results \S+\n```\n\n### /,
    )
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
      ...[
        '--policy',
        'static',
        '--suite',
        'unseen',
        '--seeds',
        '1',
        '--out',
        dir,
        '--results',
        pages,
      ],
    )
    assert.equal(some.code, 0, some.stderr)
    const mixed = await Deno.readTextFile(page)
    assert.match(mixed, /Rows\s+of\s+`inferline`\s+are\s+of\s+an\s+earlier\s+run\./)
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
  },
)

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
  await Deno.writeTextFile(join(out, 'file'), '')
  const pages = join(out, 'file', 'pages')
  const nowhere = await suite(...POLICIES, '--out', join(out, 'cells'), '--results', pages)
  assert.equal(nowhere.code, 1)
  assert.match(nowhere.stderr, /Cannot write results into .*file.pages: /)
  assert.deepEqual([...Deno.readDirSync(out)].map(({ name }) => name), ['file'])
  const file = await suite(...POLICIES, '--out', join(out, 'file', 'in'))
  assert.equal(file.code, 1)
  assert.match(file.stderr, /\nCannot write results into .*file.in: /)
  assert.doesNotMatch(file.stderr, /^\[/m)
})

Deno.test('a page keeps what it has of all that was not run', async () => {
  const dir = await Deno.makeTempDir()
  const page = join(dir, 'unseen.md')
  const head = '| scenario | policy | violations % | accuracy % | bound % | active nodes | seeds |'
  const table = 'Three levels, 12 to 102 queries/s, SLO 600 ms, 12 quick and 12 slow nodes'
  const row = '| "all" | static | 12.34 (12.00..12.50) | 91.00 | 95.00 | 9.0 | 5 |'
  const text = [
    `# unseen\n\n### ${table}`,
    `${head}\n| --- | --- | --- | --- | --- | --- | --- |\n${row}`,
    'What it comes to, out of more digits than these.',
    'What schedulers did that they should not:',
    '- shoal: batch refused: variant not held, 29 times in 4 scenarios',
    '',
  ].join('\n\n')
  await Deno.writeTextFile(page, text)
  const write = async (...what: string[]) => {
    const { code, stderr } = await suite(
      ...['--suite', 'unseen', '--out', join(dir, 'out'), '--results', dir],
      ...what,
    )
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

Deno.test('the suite of elastic policies is listed, and says why it is skipped without its data', async () => {
  const help = await suite('--suite', 'help')
  assert.match(help.stdout, /^ {2}elastic {8}cores or instances/m)
  const none = await suite('--suite', 'elastic', '--out', await Deno.makeTempDir())
  assert.equal(none.code, 0, none.stderr)
  assert.match(
    none.stderr,
    /^elastic: skipped: there is no folder themis with its data in .*nowhere/m,
  )
  assert.equal(none.stdout, '')
})
