/** `deno task load` as others run it: against a coordinator, JSON and nothing else on stdout. */
import assert from 'node:assert/strict'
import { fromFileUrl } from '../../src/cli/root.ts'
import { startServing, USUAL } from '../../src/cli/serve/serving.ts'

const MAIN = fromFileUrl(new URL('../../demo/load/main.ts', import.meta.url))
const DEMO = fromFileUrl(new URL('../../demo/main.ts', import.meta.url))
const SAMPLE = fromFileUrl(new URL('../../demo/samples/note.png', import.meta.url))

const load = (...args: string[]) => run(MAIN, ...args)

async function run(file: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--no-check', file, ...args],
    stdin: 'null',
  }).output()
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes))
  return { code, out: out!, err: err! }
}

Deno.test('deno task load asks a coordinator and writes JSON to stdout', async () => {
  const serving = await startServing(undefined, { variants: USUAL })
  try {
    await serving.addNode('one')
    const { code, out } = await load(
      ...['--url', serving.url, '--pipeline', 'ocr', '--rate', '3', '--seconds', '1'],
      ...['--arrivals', 'even', '--timeout', '120000', '--body', SAMPLE, '--json', '-'],
    )
    assert.equal(code, 0)
    const result = JSON.parse(out)
    assert.equal(result.schema, 'shoal-load/1')
    assert.deepEqual(result.outcomes, { '200 on_time': 3 })
    assert.deepEqual(Object.keys(result.nodes), ['one'])
    assert.ok(result.effectiveAccuracy > 0.5 && result.latencyMs.p50 > 0)
    assert.equal(result.seconds[0].asked, 3)
  } finally {
    await serving.end()
  }
})

Deno.test('deno task load says what is wrong with its arguments', async () => {
  for (
    const [args, message] of [
      [['--rate', '5', '--trace', 'x'], /more than one of --rate/],
      [['--rate', 'much'], /Cannot use --rate: .*received much/],
      [['--arrivals', 'odd'], /poisson or even: received odd/],
      [['--timeout', '1.5'], /Cannot use --timeout: must be an integer: received 1.5/],
      [['--each', `${SAMPLE}/each.jsonl`], /^Cannot write .*each\.jsonl: /],
      [['--json', `${SAMPLE}/load.json`], /^Cannot write .*load\.json: /],
      [['--url', 'http://127.0.0.1:9'], /Cannot ask http:\/\/127.0.0.1:9/],
      [['--url', 'http://127.0.0.1:9/pool/'], /Cannot ask http:\/\/127.0.0.1:9\/pool:/],
    ] as const
  ) {
    const { code, out, err } = await load(...args)
    assert.equal(code, 1)
    assert.equal(out, '')
    assert.match(err, message)
    assert.doesNotMatch(err, /\n\s+at /)
  }
})

Deno.test('deno task demo says what is wrong before nodes join', async () => {
  const dir = await Deno.makeTempDir()
  try {
    for (
      const [args, message] of [
        [['--trace', `${dir}/none.txt`], /^Cannot read .*none\.txt: /],
        [['--report', `${SAMPLE}/report.html`], /^Cannot write .*report\.html: /],
        [['--json', `${SAMPLE}/report.json`], /^Cannot write .*report\.json: /],
        [['--policy', 'shoul'], /^Cannot use --policy: .*received shoul/],
      ] as const
    ) {
      const { code, err } = await run(DEMO, '--tabs', '0', '--report', `${dir}/r.html`, ...args)
      assert.equal(code, 1)
      assert.match(err, message)
      assert.doesNotMatch(err, /\n\s+at |joined/)
    }
  } finally {
    await Deno.remove(dir, { recursive: true })
  }
})
