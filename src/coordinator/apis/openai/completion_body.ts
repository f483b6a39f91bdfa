/**
 * The body of `POST /v1/completions`.
 *
 * @module
 */
import { ELEMENTS, parseAs } from '../../http/bodies/json.ts'
import { askFrom } from '../generate/ask.ts'
import type { TextQuery } from '../generate/text_query.ts'
import type { BodyQuery } from '../oip/request.ts'
import { checkStreamOptions } from './chat_body.ts'
import { checkOthers } from './other_params.ts'
import { completionRequest } from './schemas.ts'

/** @throws ApiError */
export function readCompletion(body: Uint8Array): BodyQuery {
  const request = parseAs(completionRequest, body, ELEMENTS, true)
  checkOthers(request, completionRequest.shape)
  checkStreamOptions(request)
  const { prompt, stream, stream_options } = request
  const text: TextQuery = {
    model: request.model,
    text: typeof prompt === 'string' ? prompt : prompt[0]!,
    ask: askFrom(request),
    json: false,
    stream: stream ?? false,
    usage: stream_options?.include_usage ?? false,
  }
  return { payloads: [], outputs: [], text }
}
