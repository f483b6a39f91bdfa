/** Texts by the system's Python: with our own client, and with OpenAI's where it is installed. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { saying, withTexts } from '../conformance/text_scene.ts'
import { PIXEL_PNG } from '../coordinator/fixture.ts'

const FOLDER = join(ROOT, 'src', 'client', 'python')

/** The first Python in which a line runs. */
async function pythonWith(line: string): Promise<string | undefined> {
  for (const python of ['python3', '/usr/bin/python3']) {
    const { success } = await new Deno.Command(python, {
      args: ['-c', line],
      stderr: 'null',
    }).output().catch(() => ({ success: false }))
    if (success) return python
  }
  return undefined
}
const own = await pythonWith('import sys; sys.exit(sys.version_info < (3, 9))')
const openai = await pythonWith('import openai; assert openai.__version__ >= "1"')

async function run(python: string, program: string) {
  const { success, stdout, stderr } = await new Deno.Command(python, {
    args: ['-B', '-c', program],
    env: { PYTHONPATH: FOLDER },
  }).output()
  assert.ok(success, new TextDecoder().decode(stderr))
  return JSON.parse(new TextDecoder().decode(stdout))
}

Deno.test({
  name: `the Python client reads a text as it comes${
    own === undefined ? ' (skipped: no Python 3.9 or later)' : ''
  }`,
  ignore: own === undefined,
  fn: () =>
    withTexts(async ({ url, asked, script }) => {
      const ask = (program: string) =>
        run(
          own!,
          `import json\nfrom shoal import *\npool = Shoal(${JSON.stringify(url)})\n${program}`,
        )
      script(saying('one two three'))
      const said = await ask(`going = pool.generate("scribe", text="Count.", max_tokens=3,
  stop=["x"], timeout=60, min_accuracy=0.5)
pieces = list(going)
print(json.dumps(["".join(pieces), going.text, going.answer.outputs, going.answer.json["generated"]]))`)
      assert.deepEqual(said, [
        ...['one two three', 'one two three', { said: [{ text: 'one two three' }] }],
        { finish: 'stop', promptTokens: 7, completionTokens: 3 },
      ])
      assert.equal(asked[0]?.text, 'Count.')
      assert.equal(asked[0]?.minAccuracy, 0.5)
      assert.deepEqual(asked[0]?.payload.meta['ask'], { maxTokens: 3, stop: ['x'] })

      const picture = `bytes.fromhex("${PIXEL_PNG.toHex()}")`
      const slips = await ask(
        `print(json.dumps([list(pool.generate("slip", ${picture}, seed=one)) for one in (None, 3)]))`,
      )
      assert.deepEqual(slips.map((one: string[]) => one.join('')), [
        'one two three',
        'one two three',
      ])
      assert.deepEqual(asked[2]?.payload.meta, { type: 'image/png', ask: { seed: 3 } })

      const errorOf = (call: string) =>
        `try:
  ${call}
except ShoalError as error:
  print(json.dumps([error.status, error.reason, error.retry_after]))
except ValueError as error:
  print(json.dumps(str(error)))`
      script((_, say) => {
        say('so far')
        return Promise.resolve({ ok: false, reason: 'node_failed', message: 'It failed' })
      })
      const broken = await ask(errorOf('list(pool.generate("scribe", text="x"))'))
      assert.deepEqual(broken, [200, 'node_failed', null])
      const unknown = await ask(errorOf('pool.generate("nobody", text="x")'))
      assert.deepEqual(unknown, [404, 'unknown_pipeline', null])
      assert.match(await ask(errorOf('pool.generate("scribe")')), /one of them/)

      const cancelled = Promise.withResolvers<unknown>()
      script(async ({ gone }, say) => {
        gone(cancelled.resolve)
        say('on ')
        await new Promise(() => {})
        return {}
      })
      const first = await ask(`with pool.generate("scribe", text="x", timeout=600) as going:
  print(json.dumps(next(going)))`)
      assert.equal(first, 'on ')
      await cancelled.promise
    }),
})

Deno.test({
  name: `OpenAI's Python client chats, whole and piece by piece${
    openai === undefined ? ' (skipped: no python3-openai)' : ''
  }`,
  ignore: openai === undefined,
  fn: () =>
    withTexts(async ({ url, script }) => {
      script(saying('one two three'))
      const said = await run(
        openai!,
        `import json, openai
client = openai.OpenAI(base_url="${url}/v1", api_key="none", max_retries=0)
ask = dict(model="scribe", messages=[{"role": "user", "content": "Count."}])
whole = client.chat.completions.create(**ask)
stream = client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True})
chunks = list(stream)
text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
try:
  client.chat.completions.create(**ask, n=2)
except openai.BadRequestError as error:
  refused = error.param
try:
  client.chat.completions.create(**{**ask, "model": "nobody"})
except openai.NotFoundError as error:
  unknown = error.code
models = [model.id for model in client.models.list()]
print(json.dumps([whole.choices[0].message.content, text, chunks[-1].usage.total_tokens, refused,
  unknown, models[0]]))`,
      )
      assert.deepEqual(said, [
        ...['one two three', 'one two three', 10, 'n', 'model_not_found', 'scribe'],
      ])
    }),
})
