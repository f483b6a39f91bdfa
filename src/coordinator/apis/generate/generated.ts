/**
 * The text of an answer's generating task, all its items together.
 *
 * @module
 */
import { type Generated, generatingTask } from '../../../pipeline/generate.ts'
import type { Pipeline } from '../../../pipeline/schema.ts'
import { ApiError } from '../../core/api_error.ts'
import type { Finished } from '../../pool/answer.ts'

/** A text, with tokens counted over all items. */
export type GeneratedText = Pick<Generated, 'text' | 'finish' | 'promptTokens' | 'completionTokens'>

/**
 * @param streamed the text of the item that was streamed: it comes first
 * @throws ApiError `node_failed` where a node's result has no text
 */
export function generatedIn(
  pipeline: Pipeline,
  { items }: Pick<Finished, 'items'>,
  streamed = '',
): GeneratedText {
  const task = generatingTask(pipeline)
  const texts: string[] = []
  const generated: GeneratedText = {
    text: '',
    finish: 'stop',
    promptTokens: 0,
    completionTokens: 0,
  }
  for (const { task: of, result } of items) {
    if (of !== task || result === null) continue
    const { text, finish, promptTokens, completionTokens } = result as Partial<Generated>
    if (typeof text !== 'string' || !isCount(promptTokens) || !isCount(completionTokens)) {
      throw new ApiError('node_failed', `Cannot answer: a node sent no text for task ${task}`)
    }
    if (text === streamed) texts.unshift(text)
    else texts.push(text)
    generated.promptTokens += promptTokens
    generated.completionTokens += completionTokens
    if (finish === 'length') generated.finish = 'length'
  }
  generated.text = texts.join('\n')
  return generated
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0
