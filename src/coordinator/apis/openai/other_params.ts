/**
 * Other fields of bodies of OpenAI's API: fields without an effect on the answer are ignored;
 * others are refused unless their value asks for the usual behaviour.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'

const isNone = (value: unknown) =>
  value === false || value === 0 || value === '' ||
  typeof value === 'object' && value !== null && Object.keys(value).length === 0
const isOne = (value: unknown) => value === 1
const isOneOf = (...values: unknown[]) => (value: unknown) => values.includes(value)

const NO_TOOLS = 'no tools are called'
const AS_MODEL = 'it would change the answer'

/** By field: whether a value asks for the usual behaviour, and why other values are refused. */
const OTHERS: Record<string, [asksNothing: (value: unknown) => boolean, why: string]> = {
  n: [isOne, 'one answer a call'],
  best_of: [isOne, 'one answer a call'],
  tools: [isNone, NO_TOOLS],
  tool_choice: [isOneOf('none', 'auto'), NO_TOOLS],
  functions: [isNone, NO_TOOLS],
  function_call: [isOneOf('none', 'auto'), NO_TOOLS],
  logprobs: [(value) => value === false, 'no probabilities are told'],
  top_logprobs: [isNone, 'no probabilities are told'],
  echo: [isNone, 'the prompt is not said again'],
  suffix: [isNone, 'texts go on at their end'],
  frequency_penalty: [isNone, AS_MODEL],
  presence_penalty: [isNone, AS_MODEL],
  logit_bias: [isNone, AS_MODEL],
  modalities: [(value) => JSON.stringify(value) === '["text"]', 'answers are texts'],
  audio: [isNone, 'answers are texts'],
  reasoning_effort: [isOneOf('none'), AS_MODEL],
  verbosity: [isOneOf('medium'), AS_MODEL],
}

const HARMLESS = new Set([
  ...['user', 'metadata', 'store', 'service_tier', 'safety_identifier', 'prompt_cache_key'],
  ...['prompt_cache_retention', 'parallel_tool_calls'],
])

const MAX_NAME = 100

/**
 * @param known fields that are read
 * @throws ApiError `invalid_input` that names the first refused one
 */
export function checkOthers(body: Record<string, unknown>, known: object): void {
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined) continue
    if (Object.hasOwn(known, name) || HARMLESS.has(name)) continue
    const [asksNothing, why] = Object.hasOwn(OTHERS, name)
      ? OTHERS[name]!
      : [() => false, 'it is not known here']
    if (asksNothing(value)) continue
    const shown = name.slice(0, MAX_NAME)
    throw new ApiError(
      'invalid_input',
      `Cannot use ${shown}: ${why}: leave it out`,
      undefined,
      shown,
    )
  }
}
