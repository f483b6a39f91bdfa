/** The Python client, by the system's Python: a real pool, and what a coordinator may answer. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { SAMPLE_PAGE, startServing, USUAL } from '../../src/cli/serve/serving.ts'
import { refusal, timeoutOf, withServer } from './scene.ts'

const FOLDER = join(ROOT, 'src', 'client', 'python')
const python = await new Deno.Command('python3', {
  args: ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))'],
  stderr: 'null',
}).output().then(({ success }) => success, () => false)
const name = (text: string) => `${text}${python ? '' : ' (skipped: no Python 3.9 or later)'}`

/** Runs a program that has `pool`, and prints what it found as JSON. */
async function ask(url: string, program: string) {
  const code = `import json\nfrom shoal import *\npool = Shoal(${JSON.stringify(url)})\n${program}`
  const { success, stdout, stderr } = await new Deno.Command('python3', {
    args: ['-B', '-c', code],
    env: { PYTHONPATH: FOLDER },
  }).output()
  assert.ok(success, new TextDecoder().decode(stderr))
  return JSON.parse(new TextDecoder().decode(stdout))
}

/** A program that tells the error of a call. */
const errorOf = (call: string) =>
  `try:
  ${call}
except ShoalError as error:
  print(json.dumps([error.status, error.reason, error.retry_after]))
except ValueError as error:
  print(json.dumps(str(error)))`

const PICTURE = String.raw`b"\xff\xd8\xff"`
const answer = () =>
  Response.json({
    ...{ id: '1', pipeline: 'ocr', version: 1, outputs: { lines: [] }, accuracy: 1 },
    ...{ deadlineMs: 1, latencyMs: 1, path: {}, stages: [] },
  })

Deno.test({
  name: name('the Python client reads a page in a real pool, and says why it cannot'),
  ignore: !python,
  async fn(t) {
    const serving = await startServing(undefined, { variants: USUAL })
    try {
      await serving.addNode('reader')
      await t.step('a picture by its path', async () => {
        const page = JSON.stringify(SAMPLE_PAGE)
        const said = await ask(
          serving.url,
          `answer = pool.infer("ocr", ${page}, timeout=30, min_accuracy=0.1, request_id="me")
print(json.dumps([answer.id, answer.outputs["lines"][0]["text"], answer.accuracy > 0.1,
  answer.deadline_ms <= 30000, len(answer.stages) > 0, [one["name"] for one in pool.nodes()]]))`,
        )
        assert.deepEqual(said, ['me', 'The Harbour Office', true, true, true, ['reader']])
      })
      await t.step('the file as a program', async () => {
        const { success, stdout } = await new Deno.Command('python3', {
          args: ['-B', join(FOLDER, 'shoal.py'), serving.url, 'ocr', SAMPLE_PAGE, '60'],
        }).output()
        assert.ok(success)
        assert.equal(JSON.parse(new TextDecoder().decode(stdout)).lines.length, 11)
      })
      await t.step('a pipeline that there is not', async () => {
        const said = await ask(serving.url, errorOf(`pool.infer("nothing", ${PICTURE})`))
        assert.deepEqual(said, [404, 'unknown_pipeline', null])
      })
    } finally {
      await serving.end()
    }
  },
})

Deno.test({
  name: name('the Python client tries again where that can help, within its time'),
  ignore: !python,
  async fn() {
    await withServer(
      (_, tries) => tries < 3 ? refusal(503, 'queue_full', '0.05') : answer(),
      async (url, seen) => {
        const said = await ask(
          url,
          `print(json.dumps(pool.infer("ocr", ${PICTURE}, timeout=20).accuracy))`,
        )
        assert.equal(said, 1)
        const given = seen.map(timeoutOf)
        assert.equal(given.length, 3)
        assert.ok(given[0]! <= 20_000 && given[2]! <= given[0]! - 100, String(given))
      },
    )
    for (
      const [retryAfter, timeout] of [['3600', 'timeout=20'], ['0', 'timeout=None'], [
        undefined,
        'timeout=20',
      ]] as const
    ) {
      await withServer(() => refusal(503, 'queue_full', retryAfter), async (url, seen) => {
        const said = await ask(url, errorOf(`pool.infer("ocr", ${PICTURE}, ${timeout})`))
        assert.deepEqual(said.slice(0, 2), [503, 'queue_full'])
        assert.equal(seen.length, 1)
      })
    }
  },
})

Deno.test({
  name: name('the Python client sends tensors, and refuses what cannot be sent'),
  ignore: !python,
  async fn() {
    const bodies: unknown[] = []
    const server = async (request: Request) => {
      bodies.push(await request.json())
      return answer()
    }
    await withServer(server, async (url) => {
      await ask(
        `${url}/below/`,
        'pool.infer("a/b", [Tensor("x", "FP32", [1, 2], [1, 2.5])])\nprint("null")',
      )
    })
    const data = [1, 2.5]
    assert.deepEqual(bodies, [{ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data }] }])
    const bad: [string, RegExp][] = [
      ['pool.infer("ocr", b"GIF89a")', /must be PNG, JPEG or WebP/],
      [`pool.infer("ocr", ${PICTURE}, timeout=0)`, /timeout: must be 0.001 to 600/],
      [`pool.infer("ocr", ${PICTURE}, min_accuracy=2)`, /min_accuracy: must be 0 to 1/],
      [`pool.infer("ocr", ${PICTURE}, prefer="faster")`, /prefer: must be frugal, balanced or/],
      [`pool.infer("ocr", ${PICTURE}, request_id="a b")`, /request_id: must be 1 to 128/],
      ['Shoal("localhost:8787")', /must be an http or https URL/],
    ]
    for (const [call, message] of bad) {
      assert.match(await ask('http://127.0.0.1:1', errorOf(call)), message)
    }
    const gone = await ask('http://127.0.0.1:1', errorOf(`pool.infer("ocr", ${PICTURE})`))
    assert.deepEqual(gone, [0, 'unreachable', null])
  },
})
