/**
 * Mistral's `POST /v1/ocr`: a document as Markdown, page by page, on pipeline `documents`; a
 * picture on `ocr` where `documents` is not served.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import { publicName } from '../../../pipeline/version.ts'
import { ApiError } from '../../core/api_error.ts'
import { type Gone, goneOf } from '../../core/gone.ts'
import { leftAddress } from '../../http/access/caller.ts'
import { respondWhole } from '../../http/access/headers.ts'
import { bodyRoom } from '../../http/bodies/body.ts'
import { isPictureType } from '../../http/inputs/picture.ts'
import { PART } from '../../jobs/documents/parts.ts'
import type { ServedPipeline } from '../../nodes/served.ts'
import { round, stagesOf, timingOf } from '../../pool/answer.ts'
import type { Cutter, OpenDocument } from './cutter.ts'
import { OCR_PATH } from './mistral_errors.ts'
import { chosenModel } from './mistral_model.ts'
import { ocrPage } from './mistral_page.ts'
import { type OcrCall, readOcrRequest, type RequestParts } from './mistral_request.ts'
import { checkPages, rangesOf } from './page_choice.ts'
import { type ReadDocument, readDocument } from './read_document.ts'
import type { OcrResponse } from './schemas.ts'
import { mountUrls } from './uploads.ts'

export interface MistralParts extends RequestParts {
  /** Cuts documents; without it each is one query. */
  cutter?: Cutter | undefined
}

export function mountMistral(app: Hono, parts: MistralParts): void {
  mountUrls(app, parts.uploads)
  app.post(OCR_PATH, async (c) => {
    const arrivedMs = parts.now()
    const gone = goneOf(c, parts.peers)
    const call = await readOcrRequest(c, parts, arrivedMs)
    const { versions } = parts.pool
    const served = versions.enter(chosenModel(call.query.model, isPicture(call), versions))
    try {
      return await answer(c, parts, served, { ...call, arrivedMs, gone })
    } finally {
      versions.leave(served)
    }
  })
}

interface TimedCall extends OcrCall {
  arrivedMs: number
  gone: Gone
}

const isPicture = ({ payload: { meta } }: OcrCall) => isPictureType(String(meta['type']))

async function answer(
  c: Context,
  parts: MistralParts,
  { pipeline }: ServedPipeline,
  call: TimedCall,
): Promise<Response> {
  const { pool, history, now, log } = parts
  const { query, payload, headers: { id }, arrivedMs } = call
  const address = leftAddress(c)
  // The pool soon counts a picture; a document is counted here while it is cut.
  const heldBytes = isPicture(call) ? 0 : payload.bytes.byteLength
  bodyRoom.hold(heldBytes, address)
  let document: OpenDocument | undefined
  let isQuery = false
  try {
    if (isPicture(call)) checkPages(query.pages, 1)
    else {document = await parts.cutter?.open({
        ...{ bytes: payload.bytes, caller: leftAddress(c) ?? '', gone: call.gone },
        lateMs: arrivedMs + call.headers.budgetMs,
      })}
    if (document !== undefined) checkPages(query.pages, document.pages)
    isQuery = true
    const read = await readDocument(pool, {
      ...{ pipeline, payload, document, pages: query.pages, gone: call.gone },
      request: { ...requestOf(call, pipeline.sloMs, document), holder: address },
    })
    const tookMs = now() - arrivedMs
    const latencyMs = round(tookMs)
    log.debug?.(`query ${id}: ${pipeline.name}, ${read.pages.length} pages in ${latencyMs} ms`, {
      ...{ event: 'query', id, pipeline: pipeline.name, latencyMs },
    })
    const model = publicName(pipeline.name)
    const stages = read.answers.flatMap((one) => stagesOf(one, pool, pipeline))
    const response = respondWhole(c, JSON.stringify(bodyOf(model, call, read)), {
      'content-type': 'application/json',
      'server-timing': timingOf(latencyMs, stages, round(read.modelledJ)),
    })
    pool.telemetry.requestDone(pipeline.name, read.answers, tookMs)
    history.took(model, tookMs)
    return response
  } catch (error) {
    // A fault before the query was made counts as rejected.
    const reason = !isQuery && error instanceof ApiError ? error.reason : undefined
    pool.telemetry.requestFailed(pipeline.name, now() - arrivedMs, reason)
    throw error
  } finally {
    document?.close()
    bodyRoom.hold(-heldBytes, address)
  }
}

/** A caller without a time limit waits for the pipeline's objective for each part. */
function requestOf(
  { query, headers, isTimed, arrivedMs }: TimedCall,
  sloMs: number,
  document: OpenDocument | undefined,
) {
  const { id, budgetMs, minAccuracy, prefer } = headers
  const count = document === undefined
    ? 1
    : rangesOf(query.pages, document.pages, PART.pages).length
  const deadlineMs = arrivedMs + (isTimed ? budgetMs : Math.min(budgetMs, count * sloMs))
  return {
    ...{ arrivedMs, deadlineMs, id },
    ...minAccuracy === undefined ? {} : { minAccuracy },
    ...prefer === undefined ? {} : { prefer },
  }
}

const bodyOf = (
  model: string,
  { query, payload }: TimedCall,
  { pages }: ReadDocument,
): OcrResponse => ({
  pages: pages.map((page) => ocrPage(page, query)),
  model,
  document_annotation: null,
  usage_info: { pages_processed: pages.length, doc_size_bytes: payload.bytes.byteLength },
})
