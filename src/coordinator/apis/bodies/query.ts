/**
 * From the bytes of a body to a query. It needs only the bytes and a plain description of their
 * form, so that it can run in a worker.
 *
 * @module
 */
import type { Takes } from '../../../pipeline/takes.ts'
import { documentOf } from '../../http/inputs/document.ts'
import { readLiteparse } from '../adapters/liteparse_body.ts'
import { readOcr } from '../adapters/mistral_body.ts'
import { readInferBody } from '../common/infer_request.ts'
import { readJobBody } from '../jobs/job_body.ts'
import { readGenerate } from '../oip/generate_body.ts'
import { type BodyQuery, readRequest, type RequestModel } from '../oip/request.ts'
import { readChat } from '../openai/chat_body.ts'
import { readCompletion } from '../openai/completion_body.ts'

/**
 * The form of a body: of `/v1`, of the Open Inference Protocol, of OpenAI's, LiteParse's or
 * Mistral's API, a job, or a document by itself.
 */
export type Form =
  | { api: 'v1'; type: string; takes: Takes | undefined; text?: boolean; document?: boolean }
  | { api: 'v2'; jsonLength: string | null; model: RequestModel }
  | { api: 'generate' | 'chat' | 'completion' }
  | { api: 'liteparse'; contentType: string | null }
  | { api: 'ocr' | 'document' | 'job' }

/** @throws ApiError */
export function readQuery(form: Form, body: Uint8Array): BodyQuery {
  switch (form.api) {
    case 'v1':
      return {
        payloads: [readInferBody(form.type, body, form.takes, form.text, form.document)],
        outputs: [],
      }
    case 'v2':
      return readRequest(form.model, form.jsonLength, body)
    case 'generate':
      return readGenerate(body)
    case 'chat':
      return readChat(body)
    case 'completion':
      return readCompletion(body)
    case 'liteparse':
      return readLiteparse(form.contentType, body)
    case 'ocr':
      return readOcr(body)
    case 'job':
      return readJobBody(body)
    case 'document':
      return { payloads: [documentOf(body)], outputs: [] }
  }
}
