/**
 * From the text query of a body to the input of its pipeline's root.
 *
 * @module
 */
import { type Ask, generateTaskOf, generatingTask, takesText } from '../../../pipeline/generate.ts'
import type { Pipeline } from '../../../pipeline/schema.ts'
import { queryTensors } from '../../../pipeline/takes.ts'
import { publicName } from '../../../pipeline/version.ts'
import { ApiError } from '../../core/api_error.ts'
import { chatPayload, textPayload, withAsk } from '../../http/inputs/text.ts'
import type { Payload } from '../../nodes/payload.ts'
import type { SchemaCall, SchemaReader } from './schema_reader.ts'
import type { TextQuery } from './text_query.ts'

const fail = (message: string, param: string): never => {
  throw new ApiError('invalid_input', message, undefined, param)
}

/**
 * Parameters of generation, within the limits of the task.
 *
 * @param schemas checks schemas; all are accepted where absent
 * @throws ApiError `invalid_input`; what `schemas` throws
 */
export async function boundAsk(
  pipeline: Pipeline,
  { ask, json }: Pick<TextQuery, 'ask' | 'json'>,
  schemas: SchemaReader | undefined,
  call: SchemaCall,
): Promise<Ask> {
  const { context, schema: own } = generateTaskOf(pipeline.tasks[generatingTask(pipeline)!]!)
  // A task with a schema of its own answers in that schema's JSON.
  const schema = ask.schema ?? (json && own === undefined ? { type: 'object' } : undefined)
  if (schema !== undefined) await schemas?.check(schema, call)
  return {
    ...ask,
    ...ask.maxTokens === undefined ? {} : { maxTokens: Math.min(ask.maxTokens, context) },
    ...schema === undefined ? {} : { schema: schema as NonNullable<Ask['schema']> },
    ...seeded(ask),
  }
}

/** A random answer gets a seed, so that another node can repeat it as a check. */
const seeded = ({ temperature = 0, seed }: Ask): Pick<Ask, 'seed'> =>
  temperature === 0 || seed !== undefined
    ? {}
    : { seed: crypto.getRandomValues(new Uint32Array(1))[0]! }

/** A payload with parameters within the limits of its task. @throws ApiError `invalid_input` */
export async function boundPayload<Whole extends Payload>(
  pipeline: Pipeline,
  payload: Whole,
  schemas: SchemaReader | undefined,
  call: SchemaCall,
): Promise<Whole> {
  const ask = payload.meta['ask'] as Ask | undefined
  if (ask === undefined) return payload
  if (generatingTask(pipeline) === undefined) {
    return fail(
      `Cannot use parameters: ${publicName(pipeline.name)} generates no text`,
      'parameters',
    )
  }
  return withAsk(payload, await boundAsk(pipeline, { ask, json: false }, schemas, call))
}

/** @param pictures pictures among the messages @throws ApiError `invalid_input` */
export function payloadOf(
  pipeline: Pipeline,
  { text, messages = [] }: Pick<TextQuery, 'text' | 'messages'>,
  pictures: readonly Payload[],
  ask: Ask,
): Payload {
  if (queryTensors(pipeline) !== undefined) {
    return fail(`Cannot use ${publicName(pipeline.name)}: it takes tensors`, 'model')
  }
  if (!takesText(pipeline)) {
    const [picture, second] = pictures
    if (picture === undefined || second !== undefined) {
      const message =
        `Cannot use the messages: ${publicName(pipeline.name)} takes one picture: send one ` +
        'image_url part'
      return fail(message, 'messages')
    }
    return withAsk(picture, ask)
  }
  if (pictures.length > 0) {
    return fail(`Cannot use a picture: ${publicName(pipeline.name)} takes text`, 'messages')
  }
  if (text !== undefined) return textPayload(text, ask, 'prompt')
  if (generateTaskOf(pipeline.tasks[pipeline.root]!).template !== undefined) {
    return chatPayload(messages, ask)
  }
  const question = messages.findLast(({ role }) => role === 'user')
  if (question === undefined) {
    return fail('Cannot use the messages: there is none of role user', 'messages')
  }
  return textPayload(question.content, ask, 'messages')
}
