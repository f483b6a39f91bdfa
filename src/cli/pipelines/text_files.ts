/**
 * Files of text that a task that generates needs beside its models: its tokenizer, and its template.
 * They are stored and fetched as models are; the task says which is what, in `files`.
 *
 * @module
 */
import { dirname, posix } from 'node:path'
import { PipelineError } from '../../pipeline/error.ts'
import { GENERATE } from '../../pipeline/generate.ts'
import type { Pipeline, Task } from '../../pipeline/schema.ts'
import { BYTES } from '../../stages/generate/bytes_tokenizer.ts'
import { createChatTemplate } from '../../stages/generate/chat_template.ts'
import { createTokenizer, type TaskTexts } from '../../stages/generate/tokenizer.ts'
import { type PreparedModel, store } from './content_store.ts'
import { pathInside } from './model_files.ts'

/** No tokenizer of any model is as large. */
const MOST_BYTES = 64 * 1024 * 1024

type Use = keyof TaskTexts

/** What is looked for beside the tokenizer; the first that is there. */
const BESIDE: { readonly [use in 'config' | 'generation']: readonly string[] } = {
  config: ['tokenizer_config.json'],
  generation: ['generation_config.json', 'config.json'],
}

/**
 * Stores them, checks them, and writes `files` and `vocabulary` into their tasks.
 *
 * @returns by the names of the files
 * @throws PipelineError naming the task, the file, and what is wrong with it
 */
export async function textsOf(
  { tasks }: Pipeline,
  dir: string,
  file: string,
  cacheDir: string,
): Promise<Record<string, PreparedModel>> {
  const stored: Record<string, PreparedModel> = {}
  for (const [name, task] of Object.entries(tasks)) {
    if (task.kind !== GENERATE) continue
    const fail = (field: string, fault: string): never => {
      throw new PipelineError(file, `tasks.${name}.${field}`, fault)
    }
    const found = await readTexts(task, dir, fail)
    for (const { name, bytes } of Object.values(found)) {
      stored[name] ??= await store(cacheDir, bytes)
    }
    await check(task, found, fail)
    // Nobody else says which files there are.
    delete task['files']
    const files = Object.entries(found).map(([use, { name }]) => [use, name])
    if (files.length > 0) task['files'] = Object.fromEntries(files)
  }
  return stored
}

interface TextFile {
  name: string
  bytes: Uint8Array
  text: string
}

type Found = { [use in Use]?: TextFile }
type Fail = (field: string, fault: string) => never

async function readTexts(task: Task, dir: string, fail: Fail): Promise<Found> {
  const found: Found = {}
  const { tokenizer = BYTES, template } = task
  for (const [use, named] of Object.entries({ tokenizer, template })) {
    if (named === undefined || use === 'tokenizer' && named === BYTES) continue
    if (typeof named !== 'string') return fail(use, 'must be the name of a file')
    found[use as Use] = await readText(dir, named)
      .catch((error: Error) => fail(use, error.message))
  }
  const beside = found.tokenizer ?? found.template
  if (beside === undefined) return found
  for (const [use, names] of Object.entries(BESIDE)) {
    if (found.tokenizer === undefined && use === 'generation') continue
    for (const one of names) {
      const name = posix.join(dirname(beside.name), one)
      // What is not there is not needed; what is there has to be whole.
      if (!await isThere(dir, name)) continue
      found[use as Use] = await readText(dir, name)
        .catch((error: Error) => fail('tokenizer', error.message))
      break
    }
  }
  return found
}

async function readText(dir: string, name: string): Promise<TextFile> {
  const path = await pathInside(dir, name)
  const { size, isFile } = await Deno.stat(path)
  if (!isFile) throw new Error(`${name} is no file`)
  if (size > MOST_BYTES) {
    throw new Error(`${name} is of ${size} bytes: ${MOST_BYTES} may be`)
  }
  const bytes = await Deno.readFile(path)
  try {
    return { name, bytes, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    throw new Error(`${name} is no text in UTF-8`)
  }
}

const isThere = (dir: string, name: string): Promise<boolean> =>
  pathInside(dir, name).then(() => true, () => false)

/** Made as nodes will make them: what is wrong with them shows now. */
async function check(task: Task, found: Found, fail: Fail): Promise<void> {
  const { tokenizer, config, generation, template } = found
  if (tokenizer !== undefined) {
    const texts = { tokenizer: tokenizer.text, config: config?.text, generation: generation?.text }
    const { size, ends } = await createTokenizer({ tokenizer: tokenizer.name }, texts)
      .catch((error: Error) => fail('tokenizer', `${tokenizer.name}: ${error.message}`))
    if (ends.length === 0 && task['end'] === undefined) {
      fail(
        'end',
        `is missing, and no file beside ${tokenizer.name} names an eos_token: say which ` +
          'tokens end an answer',
      )
    }
    task['vocabulary'] = size
  }
  if (template === undefined) return
  await createChatTemplate(template.text, config?.text)
    .catch((error: Error) => fail('template', `${template.name}: ${error.message}`))
}
