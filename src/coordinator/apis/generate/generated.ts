/**
 * What an answer's generating task said, all its items together.
 *
 * @module
 */
import { type Generated, generatingTask } from '../../../pipeline/generate.ts'
import type { Pipeline } from '../../../pipeline/schema.ts'
import { ApiError } from '../../core/api_error.ts'
import type { Finished } from '../../pool/answer.ts'

/** The same with tokens counted over all items. */
export type Said = Pick<Generated, 'text' | 'finish' | 'promptTokens' | 'completionTokens'>

/**
 * @param heard what was said of one of them as it came: it stands first
 * @throws ApiError `node_failed` where a node sent something else: it is its word
 */
export function saidIn(
  pipeline: Pipeline,
  { items }: Pick<Finished, 'items'>,
  heard = '',
): Said {
  const task = generatingTask(pipeline)
  const texts: string[] = []
  const said: Said = { text: '', finish: 'stop', promptTokens: 0, completionTokens: 0 }
  for (const { task: of, result } of items) {
    if (of !== task || result === null) continue
    const { text, finish, promptTokens, completionTokens } = result as Partial<Generated>
    if (typeof text !== 'string' || !isCount(promptTokens) || !isCount(completionTokens)) {
      throw new ApiError('node_failed', `Cannot answer: a node sent no text for task ${task}`)
    }
    if (text === heard) texts.unshift(text)
    else texts.push(text)
    said.promptTokens += promptTokens
    said.completionTokens += completionTokens
    if (finish === 'length') said.finish = 'length'
  }
  said.text = texts.join('\n')
  return said
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0
