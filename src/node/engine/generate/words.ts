/**
 * From an item to the tokens that a model reads, and the form that its answer keeps to.
 *
 * @module
 */
import type { Ask, GenerateMeta, GenerateTask } from '../../../pipeline/generate.ts'
import { createBytesTokenizer } from '../../../stages/generate/bytes_tokenizer.ts'
import { compileSchema } from '../../../stages/generate/constraint/constraint.ts'
import type { Constraint, Tokenizer } from '../../../stages/generate/types.ts'
import type { StageItem } from '../../../stages/types.ts'

export interface Words {
  tokenizer: Tokenizer
  /** @throws where the item makes no prompt, or its schema is none that can be kept to */
  read(item: StageItem): { prompt: number[]; ask: Ask; said: number[]; constraint?: Constraint }
}

/** @param texts of the files that the task names */
export async function wordsOf(
  task: GenerateTask,
  texts: { readonly [name: string]: string },
): Promise<Words> {
  const tokenizer = createBytesTokenizer(task.end)
  const ofTask = task.schema && compileSchema(task.schema, tokenizer)
  return {
    tokenizer,
    read({ meta, bytes }) {
      const { ask = {}, said = [] } = meta as GenerateMeta
      const text = task.prompt.replaceAll('{text}', () => new TextDecoder().decode(bytes))
      const start = ask.schema === undefined ? ofTask : compileSchema(ask.schema, tokenizer)
      const prompt = tokenizer.encode(text)
      return { prompt, ask, said, ...start && { constraint: start() } }
    },
  }
}
