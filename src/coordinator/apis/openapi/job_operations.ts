/**
 * Calls of jobs, and of OpenAI's batches.
 *
 * @module
 */
import type { ErrorReason } from '../../../client/types.ts'
import { json, type Operation, path, query } from './operation.ts'

const JOB = [path('id', 'As in `/v1/jobs`.')]
const FOUND: ErrorReason[] = ['not_found']
const UPLOAD: ErrorReason[] = [
  ...['invalid_input', 'too_large', 'unsupported_type', 'queue_full', 'draining'] as const,
  ...['deadline_exceeded', 'internal'] as const,
]

const JOB_CALLS: Operation[] = [
  {
    ...{ method: 'post', path: '/v1/jobs', tag: 'jobs', summary: 'Hands in documents' },
    description:
      'Files of a form, under any name; its fields are the options of a `JobRequest`, `output` ' +
      'with commas between, `webhook` an address or JSON. Or all of it in JSON, up to 32 MiB. A ' +
      'pipeline that answers with pages reads documents; of any other each file is a query, and its ' +
      'outputs are the result. The job is kept once this is answered, also over a restart. ' +
      '`inTime` is false where it is known already that it cannot be done by then. A webhook is ' +
      'signed as Standard Webhooks has it.',
    body: { 'multipart/form-data': null, ...json('JobRequest') },
    ...{ status: 202, answer: 'The job.', content: json('Job') },
    headers: { location: 'Its path.' },
    errors: [...UPLOAD, 'unknown_pipeline', 'not_found'],
  },
  {
    ...{ method: 'get', path: '/v1/jobs', tag: 'jobs', summary: 'Jobs made with the same key' },
    ...{ answer: 'Newest first, without their documents.', content: json('Jobs') },
  },
  {
    ...{ method: 'get', path: '/v1/jobs/{id}', tag: 'jobs', summary: 'How far a job is' },
    ...{ parameters: JOB, answer: 'The job.', content: json('Job'), errors: FOUND },
  },
  {
    ...{ method: 'delete', path: '/v1/jobs/{id}', tag: 'jobs', summary: 'Cancels a job' },
    description:
      'What is done is kept. One that has ended is removed with all of its files, as is ' +
      'any with `?purge`.',
    parameters: [...JOB, query('purge', 'Removes it, whether or not it has ended.')],
    ...{ answer: 'The job, cancelled.', content: json('Job'), errors: FOUND },
    without: { 204: 'It is removed.' },
  },
  {
    ...{ method: 'get', path: '/v1/jobs/{id}/results', tag: 'jobs', summary: 'What came of it' },
    description: 'Documents with their outputs as paths, and the pages that failed.',
    ...{ parameters: JOB, answer: 'As far as it is done.', content: json('JobResults') },
    errors: FOUND,
  },
  {
    ...{ method: 'get', path: '/v1/jobs/{id}/results/{file}', tag: 'jobs' },
    summary: 'An output of a document',
    parameters: [
      ...JOB,
      path('file', 'Its place in the job, and `.txt`, `.json`, `.hocr`, `.xml` (ALTO) or `.pdf`.'),
    ],
    answer: 'The file.',
    content: {
      ...{ 'text/plain': null, 'application/json': null, 'text/html': null },
      ...{ 'application/xml': null, 'application/pdf': null },
    },
    errors: FOUND,
  },
  {
    ...{ method: 'get', path: '/v1/jobs/{id}/results.zip', tag: 'jobs' },
    summary: 'All outputs that there are',
    ...{ parameters: JOB, answer: 'A zip.', content: { 'application/zip': null }, errors: FOUND },
  },
  {
    ...{ method: 'get', path: '/v1/jobs/{id}/events', tag: 'jobs', summary: 'A job as it goes on' },
    description:
      'Server-sent events: `job`, a `Job` without documents, at first and as it goes on; ' +
      '`page`, `{document, index, page}`; `failed`, `{document, index, reason, message}`; ' +
      '`document`, as in `Job`, with its outputs; at last `end`, a `Job`.',
    ...{ parameters: JOB, answer: 'The stream.', content: { 'text/event-stream': null } },
    errors: ['not_found', 'queue_full'],
  },
]

const OPENAI = { tag: 'openai', faults: 'OpenAiError' } as const
const FILE = [path('id', 'As in `/v1/files`.')]
const BATCH = [path('id', 'As in `/v1/batches`.')]
const PAGE = [
  query('limit', 'Most of them.', { type: 'integer', minimum: 1, maximum: 10_000 }),
  query('after', 'The id of the last one seen.'),
]

const BATCH_CALLS: Operation[] = [
  {
    ...{ ...OPENAI, method: 'post', path: '/v1/files', summary: 'Keeps a file' },
    description: 'A form of `file`, and `purpose`: `batch`, or `user_data` for inputs of jobs.',
    body: { 'multipart/form-data': null },
    ...{ answer: 'The file.', content: json('OpenAiFile'), errors: UPLOAD },
  },
  {
    ...{ ...OPENAI, method: 'get', path: '/v1/files', summary: 'Files that are kept' },
    parameters: [
      ...PAGE,
      query('purpose', 'Only those.'),
      query('order', 'By time; `desc` by default.', { type: 'string', enum: ['asc', 'desc'] }),
    ],
    ...{ answer: 'The files.', content: json('OpenAiFiles'), errors: ['invalid_input'] },
  },
  {
    ...{ ...OPENAI, method: 'get', path: '/v1/files/{id}', summary: 'One of them' },
    ...{ parameters: FILE, answer: 'It.', content: json('OpenAiFile'), errors: FOUND },
  },
  {
    ...{ ...OPENAI, method: 'get', path: '/v1/files/{id}/content', summary: 'What it holds' },
    ...{ parameters: FILE, answer: 'Its bytes.', content: { 'application/octet-stream': null } },
    errors: FOUND,
  },
  {
    ...{ ...OPENAI, method: 'delete', path: '/v1/files/{id}', summary: 'Deletes it' },
    ...{ parameters: FILE, answer: 'It is gone.', content: json('OpenAiDeleted'), errors: FOUND },
  },
  {
    ...{ ...OPENAI, method: 'post', path: '/v1/batches', summary: 'Has many calls answered' },
    description:
      'Each line of the file is a call of `/v1/chat/completions` or `/v1/completions`. ' +
      'They are made in the background, and go on over a restart.',
    ...{ body: json('BatchRequest'), answer: 'The batch.', content: json('OpenAiBatch') },
    errors: ['invalid_input', 'not_found', 'too_large', 'queue_full', 'draining'],
  },
  {
    ...{ ...OPENAI, method: 'get', path: '/v1/batches', summary: 'Batches, newest first' },
    ...{ parameters: PAGE, answer: 'They.', content: json('OpenAiBatches') },
    errors: ['invalid_input'],
  },
  {
    ...{ ...OPENAI, method: 'get', path: '/v1/batches/{id}', summary: 'How far a batch is' },
    ...{ parameters: BATCH, answer: 'It.', content: json('OpenAiBatch'), errors: FOUND },
  },
  {
    ...{ ...OPENAI, method: 'post', path: '/v1/batches/{id}/cancel', summary: 'Cancels a batch' },
    ...{ parameters: BATCH, answer: 'It.', content: json('OpenAiBatch'), errors: FOUND },
  },
]

export const JOB_OPERATIONS: Operation[] = [...JOB_CALLS, ...BATCH_CALLS]
