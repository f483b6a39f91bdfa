/**
 * The JSON objects of OpenAI's API that are supported here, under its names.
 *
 * @module
 */
import { z } from 'zod'
import { sampling, schemaOf, stopOf, tokens } from '../generate/ask.ts'

/** Most messages: counted before any of them, which may each be wrong, is checked. */
const MAX_MESSAGES = 2048
const MAX_PARTS = 256
const MOST_STOPS = 4

const part = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({
    type: z.literal('image_url'),
    image_url: z.object({
      url: z.string().meta({ description: 'A `data:` URI of a picture, in base64.' }),
    }),
  }),
])

export const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: z.union([z.string(), z.array(part).max(MAX_PARTS), z.null()]).optional(),
})

const responseFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.looseObject({ name: z.string().optional(), schema: schemaOf }),
  }),
])

const common = {
  model: z.string().min(1).max(200)
    .meta({ description: 'A pipeline, or `pipeline:variant` for one variant alone.' }),
  ...sampling,
  stop: stopOf(MOST_STOPS).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
}

export const chatRequest = z.looseObject({
  ...common,
  messages: z.array(message).min(1).max(MAX_MESSAGES),
  max_completion_tokens: tokens.nullish(),
  response_format: responseFormat.nullish(),
})

export const completionRequest = z.looseObject({
  ...common,
  prompt: z.union([z.string(), z.array(z.string()).length(1)], {
    error: 'must be one text: one prompt a call, and no tokens',
  }),
})

const count = z.number().int().min(0)
const usage = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
})
const finish = z.enum(['stop', 'length'])
const head = { id: z.string(), created: count, model: z.string() }
const fingerprint = z.string().meta({ description: 'Pipeline, version, and variants that served.' })

export const chatCompletion = z.object({
  ...head,
  object: z.literal('chat.completion'),
  choices: z.array(z.object({
    index: count,
    message: z.object({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
    logprobs: z.null(),
    finish_reason: finish,
  })).length(1),
  usage,
  system_fingerprint: fingerprint,
})

export const completion = z.object({
  ...head,
  object: z.literal('text_completion'),
  choices: z.array(
    z.object({ index: count, text: z.string(), logprobs: z.null(), finish_reason: finish }),
  ).length(1),
  usage,
  system_fingerprint: fingerprint,
})

export const openAiModel = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: count,
  owned_by: z.string(),
})

export const openAiModels = z.object({ object: z.literal('list'), data: z.array(openAiModel) })

export const openAiError = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
  }),
})

export type Message = z.infer<typeof message>
export type ChatRequest = z.infer<typeof chatRequest>
export type CompletionRequest = z.infer<typeof completionRequest>
export type ChatCompletion = z.infer<typeof chatCompletion>
export type Completion = z.infer<typeof completion>
export type OpenAiModel = z.infer<typeof openAiModel>
export type OpenAiError = z.infer<typeof openAiError>
export type Usage = z.infer<typeof usage>
