/**
 * The body of `POST /v2/models/{m}/generate` and of `/generate_stream`.
 *
 * @module
 */
import { z } from 'zod'
import { ApiError } from '../../core/api_error.ts'
import { ELEMENTS, parseAs } from '../../http/bodies/json.ts'
import { askFrom, askParameters } from '../generate/ask.ts'
import type { TextQuery } from '../generate/text_query.ts'
import type { BodyQuery } from './request.ts'

/** Most tokens of calls that do not set them, as in the extension. */
const USUAL_TOKENS = 20

export const generateRequest = z.object({
  id: z.string().max(1024).optional(),
  text_input: z.string(),
  parameters: z.looseObject(askParameters.shape).nullish(),
})

export const generateResponse = z.object({
  model_name: z.string(),
  model_version: z.string(),
  id: z.string(),
  text_output: z.string(),
})

export type GenerateResponse = z.infer<typeof generateResponse>

/** @throws ApiError */
export function readGenerate(body: Uint8Array): BodyQuery {
  const { id, text_input, parameters } = parseAs(generateRequest, body, ELEMENTS, true)
  const params = parameters ?? {}
  for (const [name, value] of Object.entries(params)) {
    if (Object.hasOwn(askParameters.shape, name) || value === null || value === false) continue
    const shown = name.slice(0, 100)
    const names = Object.keys(askParameters.shape).join(', ')
    const message = `Cannot use parameters.${shown}: they are ${names}`
    throw new ApiError('invalid_input', message)
  }
  const text: TextQuery = {
    text: text_input,
    ask: askFrom({ ...params, max_tokens: params.max_tokens ?? USUAL_TOKENS }),
    ...{ json: false, stream: false, usage: false },
    ...id === undefined ? {} : { id },
  }
  return { payloads: [], outputs: [], text }
}
