/**
 * Calls that generate text: of OpenAI's API, and of the Open Inference Protocol's generate
 * extension.
 *
 * @module
 */
import { INFER_ERRORS, oip, QUERY_TERMS, TIMING, V2 } from './inference_parts.ts'
import { header, json, type Operation, path } from './operation.ts'

const ms = { type: 'number', exclusiveMinimum: 0, maximum: 600_000 }
const PACE = [
  header('x-ttft-ms', 'From arrival to the first token, or it is `deadline_exceeded`.', ms),
  header(
    'x-tpot-ms',
    'A token. With `x-ttft-ms`, and without `x-request-timeout-ms`, the deadline is what both make ' +
      'of the most tokens.',
    ms,
  ),
]
const STREAM =
  'With `stream`, events of chunks, then `[DONE]`; an error after the first is an event.'
const OPENAI = { tag: 'openai', faults: 'OpenAiError' } as const

export const TEXT_OPERATIONS: Operation[] = [
  {
    ...{ ...OPENAI, method: 'post', path: '/v1/chat/completions', summary: 'Goes on with a chat' },
    description: 'A pipeline without a template gets what the user said last, one that takes a ' +
      `picture the \`image_url\` part. ${STREAM}`,
    ...{ parameters: [...PACE, ...QUERY_TERMS], body: json('ChatRequest'), answer: 'The answer.' },
    content: { ...json('ChatCompletion'), 'text/event-stream': null },
    ...{ headers: TIMING, errors: INFER_ERRORS },
  },
  {
    ...{ ...OPENAI, method: 'post', path: '/v1/completions', summary: 'Goes on with a text' },
    ...{
      description: STREAM,
      parameters: [...PACE, ...QUERY_TERMS],
      body: json('CompletionRequest'),
    },
    answer: 'What follows.',
    content: { ...json('Completion'), 'text/event-stream': null },
    ...{ headers: TIMING, errors: INFER_ERRORS },
  },
  {
    ...{ ...OPENAI, method: 'get', path: '/v1/models', summary: 'What generates' },
    description:
      'Pipelines, and as `pipeline:variant` variants that a call can keep to: the best, ' +
      'the only one, or one that is pinned.',
    ...{ answer: 'The models.', content: json('OpenAiModels') },
  },
  {
    ...{ ...OPENAI, method: 'get', path: '/v1/models/{id}', summary: 'One of them' },
    parameters: [path('id', 'As in `/v1/models`.')],
    ...{ answer: 'It.', content: json('OpenAiModel'), errors: ['unknown_pipeline'] },
  },
  ...oip({
    ...{ ...V2, method: 'post', path: '/generate', summary: 'Has a model go on with a text' },
    ...{ parameters: [...PACE, ...QUERY_TERMS], body: json('GenerateRequest') },
    ...{ answer: 'What follows.', content: json('GenerateResponse'), errors: INFER_ERRORS },
  }),
  ...oip({
    ...{ ...V2, method: 'post', path: '/generate_stream', summary: 'The same, as it comes' },
    description: 'Each event is a `GenerateResponse` with what is new, and `done`.',
    ...{ parameters: [...PACE, ...QUERY_TERMS], body: json('GenerateRequest') },
    ...{ answer: 'The stream.', content: { 'text/event-stream': null }, errors: INFER_ERRORS },
  }),
]
