/** `deno task simulate` as its users run it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { fromFileUrl, ROOT } from '../../src/cli/root.ts'
import { said } from '../said.ts'

const SCENARIOS = join(ROOT, 'profiles', 'scenarios')

async function simulate(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--no-check', join(ROOT, 'src/cli/simulate.ts'), ...args],
    cwd: fromFileUrl(new URL('.', import.meta.url)),
    env: { SHOAL_EVAL: join(ROOT, 'nowhere') },
  }).output()
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
  return { code, stdout: decode(stdout), stderr: said(stderr) }
}

const FIELDS = [
  ...['policy', 'roots', 'onTime', 'late', 'dropped', 'violationRatio', 'effectiveAccuracy'],
  ...['meanActiveNodes', 'peakActiveNodes', 'planSolveMsP95', 'timeline'],
]

async function shortScenario(dir: string): Promise<string> {
  const json = JSON.parse(await Deno.readTextFile(join(SCENARIOS, 'ocr-steady.json')))
  json.pipeline = join(SCENARIOS, json.pipeline)
  json.trace.rates = [4, 6]
  json.trace.binSeconds = 2
  const file = join(dir, 'short.json')
  await Deno.writeTextFile(file, JSON.stringify(json))
  return file
}

Deno.test('with --json - stdout is one JSON document with the agreed fields, the same each time', async () => {
  const dir = await Deno.makeTempDir()
  const file = await shortScenario(dir)
  const run = async () => {
    const { code, stdout } = await simulate('--scenario', file, '--policy', 'loki', '--json', '-')
    assert.equal(code, 0)
    return JSON.parse(stdout)
  }
  const { planSolveMsP95, ...first } = await run()
  assert.equal(typeof planSolveMsP95, 'number')
  for (const field of FIELDS) assert.ok(field === 'planSolveMsP95' || field in first, field)
  assert.equal(first.policy, 'loki')
  assert.equal(first.timeline.length, 4)
  const { planSolveMsP95: _, ...second } = await run()
  assert.deepEqual(first, second)
  await Deno.remove(dir, { recursive: true })
})

Deno.test('of several pipelines each has a line of its own, in the table and on the page', async () => {
  const dir = await Deno.makeTempDir()
  const json = JSON.parse(await Deno.readTextFile(join(SCENARIOS, 'ocr-and-shelf.json')))
  for (const workload of json.workloads) {
    workload.pipeline = join(SCENARIOS, workload.pipeline)
    workload.trace = { binSeconds: 2, rates: [4, 6] }
  }
  const file = join(dir, 'both.json')
  await Deno.writeTextFile(file, JSON.stringify(json))
  const report = join(dir, 'report.html')
  const { code, stdout } = await simulate(
    ...['--scenario', file, '--policy', 'shoal,loki', '--report', report],
    ...['--drop', 'per-task', '--cap', '0.9'],
  )
  assert.equal(code, 0)
  const lines = stdout.trim().split('\n').slice(-6).map((line) => line.trim().split(/ +/))
  assert.deepEqual(lines.map(([name]) => name), ['shoal', 'ocr', 'shelf', 'loki', 'ocr', 'shelf'])
  const [whole, ocr, shelf] = lines.map(([, roots]) => Number(roots))
  assert.equal(ocr! + shelf!, whole)
  const page = await Deno.readTextFile(report)
  assert.match(page, /shoal<[\s\S]*ocr<[\s\S]*shelf<[\s\S]*loki</)
  assert.match(page, /<h1>[^<]*both\.json, drop per-task, cap 0\.9<\/h1>/)
  await Deno.remove(dir, { recursive: true })
})

Deno.test('several policies make one report page and a table', async () => {
  const dir = await Deno.makeTempDir()
  const file = await shortScenario(dir)
  const report = join(dir, 'report.html')
  const { code, stdout } = await simulate(
    ...['--scenario', file, '--policy', 'static,shoal', '--report', report, '--seed', '3'],
  )
  assert.equal(code, 0)
  assert.match(stdout, /policy +roots[\s\S]*static[\s\S]*shoal/)
  const page = await Deno.readTextFile(report)
  assert.match(page, /<h1>[^<]*short\.json, seed 3<\/h1>/)
  assert.equal(page.match(/<figure>/g)?.length, 4)
  assert.equal(page.match(/<svg /g)?.length, 2 * 4, 'each for a desk and for a phone')
  assert.doesNotMatch(page, /<script|https?:|src=/)
  await Deno.remove(dir, { recursive: true })
})

Deno.test('faults of the command line and of files are told in one line, with code 1', async () => {
  const cases: [string[], RegExp][] = [
    [['--policy', 'loki'], /received no --scenario/],
    [['--scenario', 'x.json', '--policy', 'loki'], /x\.json: the file cannot be read/],
    [['--scenario', join(SCENARIOS, 'ocr-steady.json'), '--policy', 'best'], /there are shoal/],
    [['--scenario', 'eval:figure5', '--policy', 'loki'], /no loki-profiles\.json in/],
    [['--scenario', 'x', '--policy', 'loki', '--rate', 'fast'], /--rate: must be a number/],
    [['--scenario', 'x', '--policy', 'loki', '--rate', '5'], /--rate with a scenario file/],
    [['--scenario', 'eval:figure5', '--policy', 'loki', '--seconds', '5'], /without --rate/],
    [
      ['--scenario', 'eval:figure5', '--policy', 'loki', '--rate', '5', '--scale', '2'],
      /--scale with --rate/,
    ],
    [
      ['--scenario', 'x', '--policy', 'shoal,static', '--drop', 'none'],
      /--drop .*: it is of loki, /,
    ],
    [
      ['--scenario', 'x', '--policy', 'loki-published', '--cap', '0.7'],
      /--cap .*: it is of loki$/m,
    ],
    [
      ['--scenario', 'x', '--policy', 'loki', '--set', 'dispatch.delay=0'],
      /--set .*: it is of shoal$/m,
    ],
    [['--scenario', 'x', '--policy', 'shoal', '--set', 'dispatch.delay'], /must be NAME=NUMBER/],
    [
      ['--scenario', 'x', '--policy', 'shoal', '--set', 'a.b=1'],
      /Cannot set a\.b: there are admit/,
    ],
    [['--scenario', 'x', '--policy', 'loki', '--seed', '1.5'], /--seed: must be an integer/],
    [
      ['--scenario', 'eval:figure5', '--policy', 'loki', '--rate', '5', '--seconds', '99999999999'],
      /--seconds: must be an integer from 1 to 10000000: received 99999999999/,
    ],
  ]
  for (const [args, expected] of cases) {
    const { code, stdout, stderr } = await simulate(...args)
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, expected)
    assert.doesNotMatch(stderr, /\n {4}at /)
  }
})

Deno.test('what cannot be written is said before anything is simulated', async () => {
  const dir = await Deno.makeTempDir()
  const file = await shortScenario(dir)
  for (const option of ['--json', '--report']) {
    // A folder is there, and no file.
    const { code, stderr } = await simulate('--scenario', file, '--policy', 'static', option, dir)
    assert.equal(code, 1)
    assert.match(stderr, /^Cannot write /)
  }
  await Deno.remove(dir, { recursive: true })
})

Deno.test('a field that there is not is ignored, and said to be', async () => {
  const dir = await Deno.makeTempDir()
  const file = await shortScenario(dir)
  const run = async () => {
    const { stderr } = await simulate('--scenario', file, '--policy', 'static')
    return stderr.match(/.*: ignored/g)
  }
  assert.equal(await run(), null)
  const json = JSON.parse(await Deno.readTextFile(file))
  await Deno.writeTextFile(file, JSON.stringify({ ...json, chrun: { meanUptimeS: 1 } }))
  assert.deepEqual(await run(), ['short.json: chrun is no field of a scenario: ignored'])
  await Deno.remove(dir, { recursive: true })
})

Deno.test('files that begin with the mark of some editors are read', async () => {
  const dir = await Deno.makeTempDir()
  const file = await shortScenario(dir)
  const marked = async (name: string, text: string) => {
    const path = join(dir, name)
    await Deno.writeTextFile(path, `\uFEFF${text}`)
    return path
  }
  const json = JSON.parse(await Deno.readTextFile(file))
  const pipeline = await marked('pipeline.json', await Deno.readTextFile(json.pipeline))
  const scenario = await marked('marked.json', JSON.stringify({ ...json, pipeline }))
  const { code, stderr } = await simulate('--scenario', scenario, '--policy', 'static')
  assert.equal(code, 0, stderr)
  await Deno.remove(dir, { recursive: true })
})

Deno.test('a file of evaluation data that is another one is named, with the place', async () => {
  const dir = await Deno.makeTempDir()
  const file = join(dir, 'loki-profiles.json')
  const texts: [string, RegExp][] = [
    ['{', /^Cannot use .*loki-profiles\.json: not JSON: /],
    ['{}', /^Cannot use .*loki-profiles\.json: batchSizes: /],
  ]
  for (const [text, expected] of texts) {
    await Deno.writeTextFile(file, text)
    for (const what of [['--scenario', 'eval:figure5', '--policy', 'loki'], ['--suite', 'slo']]) {
      const { code, stderr } = await simulate(...what, '--eval', dir)
      assert.equal(code, 1)
      assert.match(stderr, expected)
    }
  }
  await Deno.remove(dir, { recursive: true })
})

Deno.test('what cannot be run or written is said before anything runs', async () => {
  const dir = await Deno.makeTempDir()
  const file = await shortScenario(dir)
  const cases: [string[], RegExp][] = [
    [['--policy', 'static,best'], /^Cannot use policy best: there are shoal/],
    [['--policy', 'static,loki', '--drop', 'all'], /^Cannot use drop rule all/],
    [
      ['--policy', 'static', '--json', join(dir, 'no', 'x.json')],
      /^Cannot write .* no folder .*no$/,
    ],
    [['--policy', 'static', '--report', join(dir, 'no', 'x.html')], /^Cannot write .* no folder/],
  ]
  for (const [args, expected] of cases) {
    const { code, stdout, stderr } = await simulate('--scenario', file, ...args)
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr.trim(), expected)
  }
  // A disk that is full by then shows afterwards: what was simulated is told all the same.
  for (const output of Deno.build.os === 'linux' ? ['--json', '--report'] : []) {
    const { code, stdout, stderr } = await simulate(
      ...['--scenario', file, '--policy', 'static', output, '/dev/full'],
    )
    assert.equal(code, 1)
    assert.match(stdout, /static +\d+/)
    assert.match(stderr, /\nCannot write .*\n$/)
  }
  await Deno.remove(dir, { recursive: true })
})
