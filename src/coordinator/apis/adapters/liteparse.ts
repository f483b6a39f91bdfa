/**
 * LiteParse's `POST /ocr`: the lines of one picture, on pipeline `ocr`.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import type { Quad } from '../../../documents/page.ts'
import type { Pipeline } from '../../../pipeline/schema.ts'
import { goneOf } from '../../core/gone.ts'
import { leftAddress } from '../../http/access/caller.ts'
import { respondWhole } from '../../http/access/headers.ts'
import { readBody } from '../../http/bodies/body.ts'
import { readEncoding } from '../../http/bodies/inflate.ts'
import { boundaryOf } from '../../http/bodies/multipart.ts'
import { answerOf, answerRequest, type Finished, stagesOf, timingOf } from '../../pool/answer.ts'
import { assembleOutputs } from '../../queries/assemble.ts'
import type { InferParts } from '../common/infer_parts.ts'
import { readInferHeaders } from '../common/infer_request.ts'
import type { LiteparseResults } from './schemas.ts'

export const LITEPARSE_PATH = '/ocr'
/** The pipeline that reads lines of pictures. */
export const OCR = 'ocr'

export function mountLiteparse(app: Hono, parts: InferParts): void {
  const { pool, history, now } = parts
  app.post(LITEPARSE_PATH, async (c) => {
    const arrivedMs = now()
    const response = await pool.versions.serve(OCR, (pipeline) => serve(c, pipeline, parts))
    history.took(OCR, now() - arrivedMs)
    return response
  })
}

function serve(c: Context, pipeline: Pipeline, parts: InferParts): Promise<Response> {
  const { pool, bodies, now, peers } = parts
  const request = c.req.raw
  const gone = goneOf(c, peers)
  return answerRequest(
    pool,
    pipeline,
    now,
    async (arrivedMs) => {
      const headers = readInferHeaders(request.headers, pipeline.sloMs)
      const contentType = request.headers.get('content-type')
      boundaryOf(contentType)
      const lateMs = arrivedMs + headers.budgetMs
      const address = leftAddress(c)
      const encoding = readEncoding(request.headers)
      const { deadlines, draining } = pool
      const bytes = await readBody(request, deadlines, arrivedMs, lateMs, { address, draining })
      const form = { api: 'liteparse', contentType } as const
      const { payloads } = await bodies.read({ form, bytes, encoding, lateMs, address })
      return { ...headers, payload: payloads[0]! }
    },
    ({ id, payload, budgetMs, minAccuracy, prefer }, arrivedMs) => [
      answerOf(pool, {
        ...{ pipeline: pipeline.name, payload, id, arrivedMs, gone, holder: leftAddress(c) },
        deadlineMs: arrivedMs + budgetMs,
        ...minAccuracy === undefined ? {} : { minAccuracy },
        ...prefer === undefined ? {} : { prefer },
      }),
    ],
    (_, [answer], latencyMs, modelledJ) => {
      const stages = stagesOf(answer!, pool, pipeline)
      return respondWhole(c, JSON.stringify(resultsOf(pipeline, answer!)), {
        'content-type': 'application/json',
        'server-timing': timingOf(latencyMs, stages, modelledJ),
      })
    },
  )
}

/** A line of an answer of `ocr`. */
export interface OcrLine {
  text: string
  confidence: number
  box: Quad
}

export const linesOf = (pipeline: Pipeline, { items }: Finished): OcrLine[] =>
  assembleOutputs(pipeline, items)['lines'] as OcrLine[]

function resultsOf(pipeline: Pipeline, answer: Finished): LiteparseResults {
  return {
    results: linesOf(pipeline, answer).map(({ text, confidence, box }) => {
      const [xs, ys] = [box.map(([x]) => x), box.map(([, y]) => y)]
      return {
        text,
        bbox: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)],
        confidence,
        polygon: box,
      }
    }),
  }
}
