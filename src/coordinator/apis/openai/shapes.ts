/**
 * Answers of OpenAI's API, whole and piece by piece.
 *
 * @module
 */
import type { GeneratedText } from '../generate/generated.ts'
import type { Whole } from '../generate/running.ts'
import { eventOf, type Writer } from '../generate/stream.ts'
import { errorOf } from './errors.ts'
import type { ChatCompletion, Completion, Usage } from './schemas.ts'

export interface Head {
  id: string
  /** Seconds since the epoch. */
  created: number
  /** The model that the call named. */
  model: string
}

const DONE = 'data: [DONE]\n\n'

const usageOf = ({ promptTokens, completionTokens }: GeneratedText): Usage => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
})

export const chatOf = (
  head: Head,
  generated: GeneratedText,
  fingerprint: string,
): ChatCompletion => ({
  ...head,
  object: 'chat.completion',
  choices: [{
    index: 0,
    message: { role: 'assistant', content: generated.text, refusal: null },
    logprobs: null,
    finish_reason: generated.finish,
  }],
  usage: usageOf(generated),
  system_fingerprint: fingerprint,
})

export const completionOf = (
  head: Head,
  generated: GeneratedText,
  fingerprint: string,
): Completion => ({
  ...head,
  object: 'text_completion',
  choices: [{ index: 0, text: generated.text, logprobs: null, finish_reason: generated.finish }],
  usage: usageOf(generated),
  system_fingerprint: fingerprint,
})

/**
 * Chunks of a stream.
 *
 * @param object the type of each chunk
 * @param choice the choice for a piece of text, or for none at the end
 * @param usage whether the last chunk has the usage
 */
function writerOf(
  head: Head,
  object: string,
  choice: (text: string | undefined) => object,
  usage: boolean,
): Writer {
  const chunk = (choices: object[], used: Usage | null = null) =>
    eventOf({ ...head, object, choices, ...usage ? { usage: used } : {} })
  const chosen = (text: string | undefined, finish: string | null) =>
    chunk([{ index: 0, ...choice(text), logprobs: null, finish_reason: finish }])
  return {
    piece: (text) => chosen(text, null),
    end: ({ generated }: Whole) =>
      chosen(undefined, generated.finish) + (usage ? chunk([], usageOf(generated)) : '') + DONE,
    fault: (error) => eventOf(errorOf(error)),
  }
}

export function chatWriter(head: Head, usage: boolean): Writer {
  const object = 'chat.completion.chunk'
  const writer = writerOf(
    head,
    object,
    (content) => ({ delta: content === undefined ? {} : { content } }),
    usage,
  )
  const first = {
    ...{ index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null },
  }
  const begin = { ...head, object, choices: [first], ...usage ? { usage: null } : {} }
  return { ...writer, head: eventOf(begin) }
}

export const completionWriter = (head: Head, usage: boolean): Writer =>
  writerOf(head, 'text_completion', (text = '') => ({ text }), usage)
