/** A decoder in the layout that users' own have, served by its description alone, to OpenAI's client. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import OpenAI from 'openai'
import { startServing } from '../../src/cli/serve/serving.ts'
import { ROOT } from '../../src/cli/root.ts'
import { PATIENT } from '../coordinator/fixture.ts'

const FILES = join(ROOT, 'tests', 'fixtures', 'decoder')

const PIPELINE = {
  ...{ schema: 'shoal-pipeline/1', name: 'chat', sloMs: 60_000, root: 'chat' },
  tasks: {
    chat: {
      ...{ kind: 'generate', context: 96, maxTokens: 40 },
      ...{ tokenizer: 'tokenizer.json', template: 'tokenizer_config.json' },
      variants: { full: { accuracy: 1, model: 'onnx/model.onnx' } },
    },
  },
}

/** As a folder of a user's, with the model in a folder of its own. */
async function folderOf(): Promise<string> {
  const dir = await Deno.makeTempDir()
  await Deno.mkdir(join(dir, 'onnx'))
  await Deno.copyFile(join(FILES, 'model.onnx'), join(dir, 'onnx', 'model.onnx'))
  for await (const { name } of Deno.readDir(FILES)) {
    if (name.endsWith('.json')) await Deno.copyFile(join(FILES, name), join(dir, name))
  }
  await Deno.writeTextFile(join(dir, 'pipeline.json'), JSON.stringify(PIPELINE))
  return dir
}

Deno.test('a decoder of the usual layout chats by its own tokenizer and template', async (t) => {
  const dir = await folderOf()
  const serving = await startServing([dir])
  const client = new OpenAI({ baseURL: `${serving.url}/v1`, apiKey: 'none', maxRetries: 0 })
  const headers = { headers: PATIENT }
  type Body = OpenAI.ChatCompletionCreateParamsNonStreaming
  const chat = async (content: string, more: Partial<Body> = {}) =>
    await client.chat.completions.create({
      ...{ model: 'chat', messages: [{ role: 'user', content }] },
      ...more,
    }, headers)
  const textOf = async (...asked: Parameters<typeof chat>) =>
    (await chat(...asked)).choices[0]!.message.content
  try {
    await serving.addNode('one')

    await t.step('it says what it was taught', async () => {
      const { choices: [choice], usage } = await chat('Count to 5')
      assert.equal(choice!.message.content, '1 2 3 4 5')
      assert.equal(choice!.finish_reason, 'stop')
      assert.ok(usage!.prompt_tokens > 0 && usage!.completion_tokens > 0)
    })

    await t.step('a stream says the same in pieces', async () => {
      const stream = await client.chat.completions.create({
        ...{ model: 'chat', messages: [{ role: 'user', content: 'Say blue 3 times' }] },
        stream: true,
      }, headers)
      let text = ''
      for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
      assert.equal(text, await textOf('Say blue 3 times'))
    })

    await t.step('it ends where it is told to', async () => {
      assert.equal(await textOf('Count to 5', { stop: '3' }), '1 2 ')
      assert.equal(await textOf('Count to 5', { stop: ['never said'] }), '1 2 3 4 5')
      const { choices: [cut] } = await chat('Count to 5', { max_tokens: 2 })
      assert.equal(cut!.finish_reason, 'length')
    })

    await t.step('with the same seed it draws the same', async () => {
      const drawn = { temperature: 1.5, seed: 7, max_tokens: 12 }
      assert.equal(await textOf('Spell tree', drawn), await textOf('Spell tree', drawn))
    })

    await t.step('it keeps to a schema', async () => {
      const schema = {
        type: 'object',
        properties: { colour: { enum: ['red', 'blue'] } },
        required: ['colour'],
        additionalProperties: false,
      }
      const text = await textOf('Say blue 3 times', {
        response_format: { type: 'json_schema', json_schema: { name: 'colour', schema } },
      })
      assert.match(text!, /^\{"colour":"(red|blue)"\}$/)
    })

    await t.step('what it cannot do is refused with what is at fault', async () => {
      const refused = async (content: string, more: Partial<Body>, says: RegExp) =>
        await assert.rejects(chat(content, more), (error) => {
          assert.ok(error instanceof OpenAI.BadRequestError, `${error}`)
          assert.match(error.message, says)
          return true
        })
      await refused('Count '.repeat(200), {}, /tokens/)
      await refused('Count to 5', {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'bad', schema: { type: 'object', not: {} } },
        },
      }, /not/)
      await assert.rejects(
        client.chat.completions.create({
          ...{ model: 'nobody', messages: [{ role: 'user', content: 'Hi' }] },
        }),
        OpenAI.NotFoundError,
      )
    })
  } finally {
    await serving.end()
    await Deno.remove(dir, { recursive: true })
  }
})
