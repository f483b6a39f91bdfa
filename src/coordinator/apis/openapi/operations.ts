/**
 * The calls of the HTTP API, for people and programs: inputs and answers of the routes of `app.ts`.
 * A test compares the two.
 *
 * @module
 */
import { DOCUMENT_TYPES } from '../../http/inputs/document.ts'
import { ADAPTER_OPERATIONS } from './adapter_operations.ts'
import { DEADLINE, INFER_ERRORS, LENGTH, oip, TIMING, V2 } from './inference_parts.ts'
import { JOB_OPERATIONS } from './job_operations.ts'
import { header, json, type Operation, path } from './operation.ts'
import { RULING_OPERATIONS } from './ruling_operations.ts'
import { TEXT_OPERATIONS } from './text_operations.ts'

const NODE = path('id', 'As in `/v1/nodes`.')
export const OPERATIONS: Operation[] = [
  {
    method: 'post',
    path: '/v1/pipelines/{name}/infer',
    tag: 'inference',
    summary: 'Sends a picture, a text, or tensors, through a pipeline',
    description:
      'Every query gets exactly one answer by its deadline: a result, or an error with ' +
      'a reason. What a pipeline `takes`, `/v1/pipelines` tells, and its inputs `/v2/models/{model}`. ' +
      'With `accept: text/event-stream`, one that generates is answered by events `text`, ' +
      '`{text}` with what is new, and at last `answer`, an `InferAnswer`, or `error`.',
    parameters: [
      path('name', 'As in `/v1/pipelines`.'),
      header('x-unverified', 'Results that nobody confirmed will do: `verified` tells.', {
        ...{ type: 'string', enum: ['accept'] },
      }),
      ...DEADLINE,
    ],
    body: {
      ...Object.fromEntries(DOCUMENT_TYPES.map((type) => [type, null])),
      'text/plain': null,
      'application/json': ['PictureRequest', 'TextRequest', 'TensorRequest'],
    },
    answer: 'The result.',
    content: { ...json('InferAnswer'), 'text/event-stream': null },
    headers: TIMING,
    errors: INFER_ERRORS,
  },
  ...oip({
    ...V2,
    method: 'post',
    path: '/infer',
    summary: 'Sends up to 64 pictures or texts, or tensors, through a model',
    description: 'Of texts, input `text`, `BYTES` of shape `[n]`, and `parameters` as of ' +
      '`TextRequest`. ' +
      'Of pictures, input `image`, `BYTES` of shape `[n]`: base64 with `parameters.encoding` ' +
      '`base64`, or binary. `parameters.timeout` is in microseconds, `parameters.min_accuracy` ' +
      `0..1. With \`${LENGTH}: 0\` the body is one picture and nothing else.`,
    parameters: [
      header(LENGTH, 'Bytes of the JSON at the head of the body; tensors follow it.', {
        ...{ type: 'integer', minimum: 0 },
      }),
      ...DEADLINE,
    ],
    body: { ...json('InferenceRequest'), 'application/octet-stream': null },
    answer: 'The tensors asked for; as `application/octet-stream` where any of them is binary.',
    content: { ...json('InferenceResponse'), 'application/octet-stream': null },
    headers: { ...TIMING, [LENGTH]: 'Bytes of the JSON, where tensors follow it.' },
    errors: INFER_ERRORS,
  }),
  ...oip({
    ...{ ...V2, method: 'get', path: '', summary: 'What a model takes and gives' },
    ...{ answer: 'Its metadata.', content: json('ModelMetadata'), errors: ['unknown_pipeline'] },
  }),
  ...oip({
    ...{ ...V2, method: 'get', path: '/ready', summary: 'Whether a model can be asked' },
    ...{ answer: 'A warm instance for every task.', content: json('ModelReady') },
    ...{ also: { 503: 'Not yet.' }, errors: ['unknown_pipeline'] },
  }),
  ...oip({
    ...{ ...V2, method: 'get', path: '/stats', summary: 'What a model did since the start' },
    ...{ answer: 'Its statistics.', content: json('ModelStats'), errors: ['unknown_pipeline'] },
  }),
  ...oip({
    ...{ ...V2, method: 'get', path: '/config', summary: 'How a model is set up' },
    description: 'As the model configuration extension has it.',
    ...{ answer: 'It.', content: json('ModelConfig'), errors: ['unknown_pipeline'] },
  }),
  {
    ...{ ...V2, method: 'post', path: '/v2/repository/index', summary: 'Which models there are' },
    description: 'A body may be left out. With `ready`, those that can be asked.',
    ...{ body: json('RepositoryIndexRequest'), bodyIsOptional: true },
    ...{ answer: 'The models.', content: json('RepositoryIndex') },
    errors: ['invalid_input', 'too_large'],
  },
  {
    ...{ ...V2, method: 'get', path: '/v2/models/stats', summary: 'What all models did' },
    ...{ answer: 'Their statistics.', content: json('ModelStats') },
  },
  ...['/v2', '/v2/'].map((path): Operation => ({
    ...{ ...V2, method: 'get', path, summary: 'What this server is' },
    ...{ answer: 'Its metadata.', content: json('ServerMetadata') },
  })),
  {
    ...{ ...V2, method: 'get', path: '/v2/health/live', summary: 'Whether the port is open' },
    ...{ answer: 'It is.', content: json('Live') },
  },
  {
    ...{ ...V2, method: 'get', path: '/v2/health/ready', summary: 'Whether all can be asked' },
    ...{ answer: 'A warm instance for every task of each pipeline.', content: json('Ready') },
    also: { 503: 'Not yet.' },
  },
  {
    ...{ method: 'get', path: '/v1/pipelines', tag: 'state', summary: 'What is served' },
    ...{ answer: 'Pipelines, tasks, variants.', content: json('Pipelines') },
  },
  {
    ...{ method: 'get', path: '/v1/nodes', tag: 'state', summary: 'Who serves' },
    ...{ answer: 'The nodes.', content: json('Nodes') },
  },
  {
    ...{ method: 'get', path: '/v1/plan', tag: 'state', summary: 'The plan in force' },
    ...{ answer: 'Placement and mix of paths.', content: json('Plan') },
  },
  {
    ...{ method: 'get', path: '/v1/stats', tag: 'state', summary: 'Counters since the start' },
    ...{ answer: 'Counters.', content: json('Stats') },
  },
  {
    ...{ method: 'get', path: '/v1/events', tag: 'state', summary: 'A live view' },
    description: 'Server-sent events, at most four a second: `plan` carries a `Plan`, `node` a ' +
      '`NodesEvent`, `metrics` a `MetricsEvent`, `work` a `WorkEvent`.',
    ...{ answer: 'The stream.', content: { 'text/event-stream': null } },
    errors: ['queue_full', 'draining'],
  },
  {
    ...{ method: 'get', path: '/v1/history', tag: 'state', summary: 'Five minutes and an hour' },
    description: 'A row a second for five minutes, a row a minute for an hour, and plan changes.',
    ...{ answer: 'Columns of equal length, the newest last.', content: json('History') },
  },
  {
    ...{ method: 'get', path: '/metrics', tag: 'state', summary: 'Metrics for Prometheus' },
    ...{ answer: 'Text format 0.0.4.', content: { 'text/plain': null } },
  },
  {
    ...{ method: 'get', path: '/openapi.json', tag: 'state', summary: 'This document' },
    ...{ answer: 'OpenAPI 3.1.', content: { 'application/json': null } },
  },
  {
    ...{ method: 'get', path: '/docs', tag: 'state', summary: 'This document, to read' },
    ...{ answer: 'A page.', content: { 'text/html': null } },
  },
  {
    ...{ method: 'get', path: '/docs/style.css', tag: 'state', summary: 'How that page looks' },
    ...{ answer: 'A style sheet.', content: { 'text/css': null } },
  },
  {
    method: 'post',
    path: '/v1/nodes/{id}/pause',
    tag: 'administration',
    summary: 'Gives a node no new work',
    description: 'What runs is finished. Lasts until `resume`, also when the node joins anew.',
    parameters: [NODE],
    ...{ answer: 'The node.', content: json('ChangedNode'), errors: ['forbidden', 'not_found'] },
  },
  {
    method: 'post',
    path: '/v1/nodes/{id}/resume',
    tag: 'administration',
    summary: 'Lets a paused node go on, a removed one in again',
    description: "A volunteer's own pause stays.",
    parameters: [NODE],
    answer: 'The node; null where it is not here.',
    ...{ content: json('ChangedNode'), errors: ['forbidden', 'not_found'] },
  },
  {
    method: 'post',
    path: '/v1/nodes/{id}/scale',
    tag: 'administration',
    summary: "Says how much of a node's limits may be in use",
    description:
      'The scheduler uses no more of the node from then on, over joins too. A node never passes ' +
      "its volunteer's limits, whatever is asked for; `inUse` changes once it has done it.",
    ...{ parameters: [NODE], body: json('ScaleRequest') },
    ...{ status: 202, answer: 'The node as it is yet.', content: json('ChangedNode') },
    errors: [
      'invalid_input',
      'too_large',
      'forbidden',
      'not_found',
      'deadline_exceeded',
      'draining',
    ],
  },
  {
    method: 'post',
    path: '/v1/nodes/{id}/drain',
    tag: 'administration',
    summary: 'Has a node leave when what it runs is done',
    parameters: [NODE],
    ...{ status: 202, answer: 'The node, on its way out.', content: json('ChangedNode') },
    errors: ['forbidden', 'not_found'],
  },
  {
    method: 'post',
    path: '/v1/pipelines/{name}/reload',
    tag: 'administration',
    summary: "Reads a pipeline's folder anew and serves what is there",
    description: 'Node after node loads the new version beside the old one; then queries go to ' +
      'it. No query is lost. What cannot be served is refused, and the old version serves on.',
    parameters: [path('name', 'As in `/v1/pipelines`.')],
    ...{ answer: 'The version that is served.', content: json('Reloaded') },
    errors: ['invalid_input', 'forbidden', 'unknown_pipeline'],
  },
  {
    method: 'delete',
    path: '/v1/nodes/{id}',
    tag: 'administration',
    summary: 'Puts a node out at once',
    description:
      'What it runs is done elsewhere. It is refused when it comes back, until `resume`.',
    parameters: [NODE],
    ...{ status: 204, answer: 'It is gone.', errors: ['forbidden', 'not_found'] },
  },
  ...RULING_OPERATIONS,
  ...TEXT_OPERATIONS,
  ...JOB_OPERATIONS,
  ...ADAPTER_OPERATIONS,
  {
    ...{ method: 'get', path: '/v1/link', tag: 'nodes', summary: 'The link of a node' },
    description: 'A WebSocket; see the protocol. A token goes into its first message.',
    ...{ status: 101, answer: 'The link is open.', errors: ['invalid_input', 'forbidden'] },
  },
  {
    ...{ method: 'get', path: '/code/{file}', tag: 'nodes', summary: 'A program of a pipeline' },
    parameters: [path('file', 'Its content hash, and `.js`.')],
    ...{ answer: 'The module.', content: { 'text/javascript': null }, errors: ['not_found'] },
  },
  {
    ...{ method: 'get', path: '/models/{sha256}', tag: 'nodes', summary: 'The bytes of a model' },
    parameters: [path('sha256', 'Its content hash, as in `/v1/pipelines`.')],
    ...{ answer: 'The file.', content: { 'application/octet-stream': null } },
    errors: ['not_found'],
  },
]
