/**
 * From an item to the tokens that a model reads, and the form that its answer keeps to.
 *
 * @module
 */
import type { GenerateMeta, GenerateTask } from '../../../pipeline/generate.ts'
import { compileSchema } from '../../../stages/generate/constraint/constraint.ts'
import { createPrompter } from '../../../stages/generate/prompt.ts'
import { createTokenizer, type TaskTexts } from '../../../stages/generate/tokenizer.ts'
import type { Tokenizer } from '../../../stages/generate/types.ts'
import type { StageItem } from '../../../stages/types.ts'
import type { Request } from './sequence.ts'

export interface Words {
  tokenizer: Tokenizer
  /** @throws where the item makes no prompt, or its schema is none that can be kept to */
  read(item: StageItem): Pick<Request, 'prompt' | 'said' | 'ask' | 'constraint'>
}

/** Schemas of queries: most come with many of them. */
const MOST_SCHEMAS = 8

/** @throws TypeError where the texts that the task names cannot be used */
export async function wordsOf(task: GenerateTask, texts: TaskTexts): Promise<Words> {
  const tokenizer = await createTokenizer(task, texts)
  const promptOf = await createPrompter(task, texts)
  /** Compiled, the one used last at the end. */
  const compiled = new Map<string, ReturnType<typeof compileSchema>>()

  function compiledOf(schema: object): ReturnType<typeof compileSchema> {
    const text = JSON.stringify(schema)
    const start = compiled.get(text) ?? compileSchema(schema, tokenizer)
    compiled.delete(text)
    compiled.set(text, start)
    if (compiled.size > MOST_SCHEMAS) compiled.delete(compiled.keys().next().value!)
    return start
  }

  return {
    tokenizer,
    read(item) {
      const { ask = {}, said = [] } = item.meta as GenerateMeta
      const schema = ask.schema ?? task.schema
      const prompt = tokenizer.encode(promptOf(item))
      return { prompt, said, ask, ...schema && { constraint: compiledOf(schema)() } }
    },
  }
}
