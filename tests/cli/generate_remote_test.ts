/** A machine without a checkout generates with a model whose tokenizer and template have libraries. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { buildAssets } from '../../src/cli/serve/build_assets.ts'
import { startServing } from '../../src/cli/serve/serving.ts'
import { madeDecoder } from '../node/engine/generate/made_decoder.ts'
import { byteLevel } from '../stages/generate/hub_files.ts'
import { follow } from './coordinator_process.ts'
import { inFolder } from './own_scene.ts'

const FILES = {
  'pipeline.json': {
    ...{ schema: 'shoal-pipeline/1', name: 'own', sloMs: 60_000, root: 'chat' },
    tasks: {
      chat: {
        ...{ kind: 'generate', context: 160, maxTokens: 24, rows: 4 },
        ...{ tokenizer: 'tokenizer.json', template: 'tokenizer_config.json' },
        variants: { full: { accuracy: 1, model: 'model.onnx' } },
      },
    },
  },
  'model.onnx': madeDecoder({ kind: 'cat', vocab: 262 }),
  'tokenizer.json': byteLevel,
  'tokenizer_config.json': { eos_token: '<|im_end|>', chat_template: '{{ messages[0].content }}' },
}

Deno.test('a machine without a checkout fetches what a tokenizer and a template need, and generates', async () => {
  await inFolder(FILES, async (dir) => {
    const serving = await startServing([dir], { assets: await buildAssets(), port: 0 })
    const { host } = new URL(serving.url)
    const home = await Deno.makeTempDir()
    const remote = new Deno.Command(Deno.execPath(), {
      args: ['run', '--no-prompt', `--allow-net=${host}`, `http://${host}/node.js`, '--slots', '1'],
      ...{ cwd: home, clearEnv: true, stdin: 'null', stdout: 'piped', stderr: 'null' },
      env: { HOME: home, DENO_DIR: `${home}/deno`, NO_COLOR: '1' },
    }).spawn()
    const output = follow(remote.stdout)
    try {
      const ask = (stream: boolean) =>
        fetch(`${serving.url}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-request-timeout-ms': '60000' },
          body: JSON.stringify({
            ...{ model: 'own', stream, messages: [{ role: 'user', content: 'hello' }] },
          }),
        })
      await output.until(/ready: .*/)
      const whole = await (await ask(false)).json()
      // `he`, `ll`, `o`.
      equal(whole.usage.prompt_tokens, 3)
      const { content } = whole.choices[0].message
      ok(whole.usage.completion_tokens > 0)
      const events = (await (await ask(true)).text()).split('\n\n').filter(Boolean)
        .map((event) => event.slice('data: '.length))
      equal(events.pop(), '[DONE]')
      const pieces = events.map((event) => JSON.parse(event).choices[0]?.delta.content ?? '')
      deepEqual(pieces.join(''), content)
    } finally {
      remote.kill('SIGTERM')
      await output.ended
      await remote.status
      await serving.close()
      await Deno.remove(home, { recursive: true })
    }
  })
})
