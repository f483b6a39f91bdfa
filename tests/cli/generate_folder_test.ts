/** A folder with a model that generates: its tokenizer and template are found, checked, and served. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { join } from 'node:path'
import { loadPipeline } from '../../src/cli/pipelines/load.ts'
import { generateTaskOf } from '../../src/pipeline/generate.ts'
import { type MadeModel, onnxOf } from '../pipeline/onnx.ts'
import { byteLevel } from '../stages/generate/hub_files.ts'
import { type Files, writeFiles } from './own_scene.ts'

const VOCABULARY = 262

/** As exporters write one, as far as its inputs and outputs. */
const modelOf = (vocabulary: number): MadeModel => ({
  inputs: {
    input_ids: ['int64', ['batch', 'new']],
    attention_mask: ['int64', ['batch', 'all']],
    'past_key_values.0.key': ['batch', 1, 'past', 4],
    'past_key_values.0.value': ['batch', 1, 'past', 4],
  },
  outputs: {
    logits: ['batch', 'new', vocabulary],
    'present.0.key': ['batch', 1, 'all', 4],
    'present.0.value': ['batch', 1, 'all', 4],
  },
  nodes: [],
})

const MODEL = 'onnx/decoder_model_merged.onnx'
const pipelineOf = (own: object = {}) => ({
  ...{ schema: 'shoal-pipeline/1', name: 'own', sloMs: 10_000, root: 'chat' },
  tasks: {
    chat: {
      ...{ kind: 'generate', context: 2048, tokenizer: 'tokenizer.json' },
      template: 'tokenizer_config.json',
      variants: { full: { accuracy: 1, model: MODEL } },
      ...own,
    },
  },
})

/** As a model's repository has them. */
const FILES: Files = {
  'pipeline.json': pipelineOf(),
  [MODEL]: onnxOf(modelOf(VOCABULARY)),
  'tokenizer.json': byteLevel,
  'tokenizer_config.json': { eos_token: '<|im_end|>', chat_template: '{{ messages[0].content }}' },
  'generation_config.json': { eos_token_id: [260] },
  'config.json': { eos_token_id: 1, vocab_size: VOCABULARY },
}

async function load(files: { [name: string]: Files[string] | undefined }) {
  const top = await Deno.makeTempDir()
  try {
    const all = Object.entries({ ...FILES, ...files })
    const there = all.filter((entry): entry is [string, Files[string]] => entry[1] !== undefined)
    await writeFiles(join(top, 'own'), Object.fromEntries(there))
    const loaded = await loadPipeline(join(top, 'own'), () => {}, { cacheDir: join(top, 'cache') })
    const texts: { [name: string]: string } = {}
    for (const [name, { file }] of Object.entries(loaded.models)) {
      if (name !== MODEL) texts[name] = await Deno.readTextFile(file)
    }
    return { ...loaded, texts }
  } finally {
    await Deno.remove(top, { recursive: true })
  }
}

Deno.test('the files of a model stand beside it in what is served, and the task says which is what', async () => {
  const { pipeline, models, texts } = await load({})
  const task = pipeline.tasks['chat']!
  deepEqual(task['files'], {
    ...{ tokenizer: 'tokenizer.json', template: 'tokenizer_config.json' },
    ...{ config: 'tokenizer_config.json', generation: 'generation_config.json' },
  })
  deepEqual(Object.keys(models).sort(), [
    ...['generation_config.json', MODEL, 'tokenizer.json', 'tokenizer_config.json'],
  ])
  deepEqual(JSON.parse(texts['tokenizer.json']!), byteLevel)
  equal(generateTaskOf(task).context, 2048)
  equal(task['vocabulary'], VOCABULARY)
  deepEqual(pipeline.output, {
    chat: { each: 'chat', with: ['text', 'finish', 'promptTokens', 'completionTokens'] },
  })
})

Deno.test('what a model has no need of need not be there', async () => {
  const bare = await load({
    ...{ 'tokenizer_config.json': undefined, 'generation_config.json': undefined },
    'pipeline.json': pipelineOf({ template: undefined }),
  })
  deepEqual(bare.pipeline.tasks['chat']!['files'], {
    ...{ tokenizer: 'tokenizer.json', generation: 'config.json' },
  })
  const bytes = await load({
    'pipeline.json': pipelineOf({
      ...{ template: undefined, tokenizer: undefined, end: [2], files: { tokenizer: 'x' } },
      schema: { type: 'object', properties: { total: { type: 'number' } }, required: ['total'] },
    }),
  })
  equal(bytes.pipeline.tasks['chat']!['files'], undefined)
  deepEqual(Object.keys(bytes.models), [MODEL])
  deepEqual(bytes.pipeline.output!['chat']!.with, [
    ...['text', 'json', 'finish', 'promptTokens', 'completionTokens'],
  ])
})

/** By what is written in the folder: what is said of it. */
const REFUSED: [files: { [name: string]: Files[string] | undefined }, why: RegExp][] = [
  [
    { 'tokenizer.json': undefined },
    /tasks.chat.tokenizer: tokenizer.json cannot be read: there is no such/,
  ],
  [
    { 'tokenizer.json': '<!doctype html>' },
    /tasks.chat.tokenizer: tokenizer.json: .*not valid JSON/,
  ],
  [{ 'tokenizer.json': {} }, /tasks.chat.tokenizer: tokenizer.json: .*it has no model.vocab/],
  [{ 'tokenizer.json': Uint8Array.of(0xff) }, /tokenizer.json is no text in UTF-8/],
  [{ 'generation_config.json': '{' }, /tasks.chat.tokenizer: .*generation_config.json: /],
  [
    { 'tokenizer_config.json': {} },
    /tasks.chat.template: tokenizer_config.json: .*has no chat_template/,
  ],
  [
    { 'tokenizer_config.json': { chat_template: '{% if %}' } },
    /tasks.chat.template: tokenizer_config.json: /,
  ],
  [
    { 'tokenizer_config.json': { chat_template: 'x' }, 'generation_config.json': {} },
    /tasks.chat.end: is missing, and no file beside tokenizer.json names an eos_token/,
  ],
  [
    { 'pipeline.json': pipelineOf({ tokenizer: '../t.json' }) },
    /is not a path inside the pipeline's folder/,
  ],
  [
    { [MODEL]: onnxOf(modelOf(100)) },
    /tasks.chat.variants.full.model: onnx\/decoder_model_merged.onnx: its output logits float32 \[batch,new,100\] is of 100 tokens, and tokenizer.json has 262/,
  ],
  [
    { [MODEL]: onnxOf({ ...modelOf(300), inputs: { ids: ['int64', ['N', 'T']] } }) },
    /variants.full.model: onnx\/decoder_model_merged.onnx: its input ids/,
  ],
  [{ 'pipeline.json': pipelineOf({ context: 0 }) }, /tasks.chat.context: /],
  [
    { 'pipeline.json': pipelineOf({ maxTokens: 2048 }) },
    /tasks.chat.maxTokens: .*no room for a prompt/,
  ],
  [
    { 'pipeline.json': pipelineOf({ end: [1, 500] }) },
    /tasks.chat.end.1: is 500, and tokenizer.json has 262/,
  ],
  [
    { 'pipeline.json': pipelineOf({ typical: { prompt: 2000, completion: 100 } }) },
    /tasks.chat.typical: is 2100 tokens/,
  ],
  [
    { 'pipeline.json': pipelineOf({ schema: { properties: { a: { type: 'text' } } } }) },
    /tasks.chat.schema.properties.a.type: must be one of/,
  ],
  [{ 'pipeline.json': pipelineOf({ next: ['chat2'] }) }, /chat2/],
]

Deno.test('a folder whose files do not fit is refused, with the file and what is wrong with it', async () => {
  for (const [files, why] of REFUSED) {
    await rejects(load(files), (error: Error) => {
      match(error.message, why)
      return true
    })
  }
})
