/**
 * The body of `POST /v1/chat/completions`: a text query, and the pictures among its messages.
 *
 * @module
 */
import type { Message as Plain } from '../../../pipeline/generate.ts'
import { ApiError } from '../../core/api_error.ts'
import { ELEMENTS, parseAs } from '../../http/bodies/json.ts'
import { pictureOf } from '../../http/inputs/picture.ts'
import { askFrom } from '../generate/ask.ts'
import type { TextQuery } from '../generate/text_query.ts'
import type { BodyQuery } from '../oip/request.ts'
import { checkOthers } from './other_params.ts'
import { type ChatRequest, chatRequest, type Message } from './schemas.ts'

const DATA_URI = /^data:image\/[a-z+.-]+;base64,/i
/** Characters of an invalid address that an error shows. */
const SHOWN = 40

/** @throws ApiError */
export function readChat(body: Uint8Array): BodyQuery {
  const request = parseAs(chatRequest, body, ELEMENTS, true)
  checkOthers(request, chatRequest.shape)
  checkStreamOptions(request)
  const pictures = request.messages.flatMap(picturesOf)
  const { response_format: format } = request
  const ownSchema = format?.type === 'json_schema' ? { schema: format.json_schema.schema } : {}
  const maxTokens = request.max_completion_tokens ?? request.max_tokens
  const text: TextQuery = {
    model: request.model,
    messages: request.messages.map(plainOf),
    ask: askFrom({ ...request, ...ownSchema, max_tokens: maxTokens }),
    json: format?.type === 'json_object',
    stream: request.stream ?? false,
    usage: request.stream_options?.include_usage ?? false,
  }
  return { payloads: pictures, outputs: [], text }
}

/** @throws ApiError `invalid_input` */
export function checkStreamOptions(request: Pick<ChatRequest, 'stream' | 'stream_options'>): void {
  if (request.stream_options == null || request.stream === true) return
  const message = 'Cannot use stream_options: they are for stream: true'
  throw new ApiError('invalid_input', message, undefined, 'stream_options')
}

function plainOf(message: Message, i: number): Plain {
  const { role, content } = message
  checkOthers(message, { role, content, name: '', refusal: '', annotations: '' })
  const text = typeof content === 'string'
    ? content
    : (content ?? []).flatMap((part) => part.type === 'text' ? [part.text] : []).join('\n')
  if (content == null && role !== 'assistant') {
    const param = `messages[${i}].content`
    throw new ApiError('invalid_input', `Cannot use ${param}: it is missing`, undefined, param)
  }
  // Templates of models have the older of the two names.
  return { role: role === 'developer' ? 'system' : role, content: text }
}

function picturesOf({ content }: Message, i: number): BodyQuery['payloads'] {
  if (!Array.isArray(content)) return []
  return content.flatMap((part, j) => {
    if (part.type !== 'image_url') return []
    const { url } = part.image_url
    const param = `messages[${i}].content[${j}].image_url.url`
    try {
      return [pictureOf(bytesOf(url))]
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      throw new ApiError(error.reason, error.message, undefined, param)
    }
  })
}

function bytesOf(url: string): Uint8Array {
  const [head] = DATA_URI.exec(url.slice(0, SHOWN)) ?? []
  if (head === undefined) {
    throw new ApiError(
      'invalid_input',
      'Cannot use a picture by its address: nothing is fetched from elsewhere: send a data: URI in base64',
    )
  }
  try {
    return Uint8Array.fromBase64(url.slice(head.length))
  } catch {
    throw new ApiError('invalid_input', 'Cannot use the data: URI: it is not base64')
  }
}
