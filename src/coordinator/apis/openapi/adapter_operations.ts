/**
 * Calls of tools that were written for other servers: LiteParse's and Mistral's.
 *
 * @module
 */
import { DEADLINE, INFER_ERRORS, TIMING } from './inference_parts.ts'
import { json, type Operation, path } from './operation.ts'

export const ADAPTER_OPERATIONS: Operation[] = [
  {
    method: 'post',
    path: '/ocr',
    tag: 'other tools',
    summary: 'Reads a picture, as LiteParse asks for it',
    description: 'A form with `file`, a picture, and perhaps `language`, codes as `de` or `deu` ' +
      'joined by `+`, of languages in Latin script. On pipeline `ocr`.',
    parameters: DEADLINE,
    body: { 'multipart/form-data': null },
    ...{ answer: 'The lines, in reading order.', content: json('LiteparseResults') },
    ...{ headers: TIMING, errors: INFER_ERRORS },
  },
  {
    method: 'post',
    path: '/v1/ocr',
    tag: 'other tools',
    summary: "Reads a document, as Mistral's clients ask for it",
    description: 'On pipeline `documents`; a picture on `ocr` where that is not served. Long ' +
      'documents go through in parts, and the deadline, where none is named, is the SLO of the ' +
      'pipeline for each. Nothing is fetched from elsewhere; annotations, headers, footers and ' +
      'pictures out are refused.',
    ...{ parameters: DEADLINE, body: json('OcrRequest') },
    ...{ answer: 'The pages, as Markdown.', content: json('OcrResponse'), headers: TIMING },
    errors: [...INFER_ERRORS, 'not_found'],
    faults: 'MistralError',
  },
  {
    method: 'get',
    path: '/v1/files/{id}/url',
    tag: 'other tools',
    summary: 'The URL by which `/v1/ocr` takes an uploaded file',
    description: 'It needs the same key as any call, and does not expire before its file.',
    parameters: [path('id', 'As the upload was answered.')],
    ...{ answer: 'The URL.', content: json('FileUrl'), errors: ['not_found'] },
    faults: 'MistralError',
  },
]
