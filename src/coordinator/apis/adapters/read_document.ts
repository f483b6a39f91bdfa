/**
 * A document of a call, read through a pipeline: as one query, or in parts of one query each.
 *
 * @module
 */
import type { Page } from '../../../documents/page.ts'
import type { Pipeline } from '../../../pipeline/schema.ts'
import { ApiError } from '../../core/api_error.ts'
import type { Gone } from '../../core/gone.ts'
import { documentOf } from '../../http/inputs/document.ts'
import { PAGES, PART, readsDocuments } from '../../jobs/documents/parts.ts'
import type { Payload } from '../../nodes/payload.ts'
import { answerOf, type Finished } from '../../pool/answer.ts'
import type { Pool } from '../../pool/pool.ts'
import { assembleOutputs } from '../../queries/assemble.ts'
import type { QueryRequest } from '../../queries/queries.ts'
import type { OpenDocument } from './cutter.ts'
import { linesOf } from './liteparse.ts'
import { pageOf } from './ocr_page.ts'
import { checkPages, type Range, rangesOf } from './page_choice.ts'

/** Parts of one call that are under way at once, each in memory. */
const AT_ONCE = 8

const PDF = 'application/pdf'
/** Resolution of pictures without one of their own. */
const USUAL_DPI = 72

export interface Reading {
  pipeline: Pipeline
  payload: Payload
  /** The open document; absent where it cannot be cut. */
  document: OpenDocument | undefined
  /** Pages in order; all where absent. */
  pages: readonly number[] | undefined
  request: Omit<QueryRequest, 'pipeline' | 'payload' | 'gone'>
  gone: Gone
}

export interface ReadPage {
  page: Page
  /** Pixels an inch of paper. */
  dpi: number
}

export interface ReadDocument {
  /** Pages in order. */
  pages: ReadPage[]
  answers: Finished[]
  modelledJ: number
}

/** @throws ApiError where a part got no result: then the other parts are cancelled */
export async function readDocument(pool: Pool, reading: Reading): Promise<ReadDocument> {
  const { pipeline, payload, document, pages } = reading
  const read: ReadDocument = { pages: [], answers: [], modelledJ: 0 }
  const failed = new AbortController()

  async function ask(payload: Payload, { from, count }: Range): Promise<void> {
    const { answer, modelledJ } = await answerOf(pool, {
      ...{ ...reading.request, pipeline: pipeline.name, payload },
      gone: eitherGone(reading.gone, failed.signal),
    })
    read.answers.push(answer)
    read.modelledJ += modelledJ
    const dpi = dpiOf(pipeline, answer, payload)
    for (const page of pagesOf(pipeline, answer, payload, from, count)) {
      read.pages.push({ page, dpi })
    }
  }

  async function part(range: Range): Promise<void> {
    failed.signal.throwIfAborted()
    const { from, count } = range
    const { bytes } = await document!.part(from, count)
    failed.signal.throwIfAborted()
    if (bytes.byteLength <= PART.bytes || count === 1) {
      const cut = documentOf(bytes)
      return await ask({ ...cut, meta: { ...payload.meta, ...cut.meta } }, range)
    }
    const half = Math.ceil(count / 2)
    await part({ from, count: half })
    await part({ from: from + half, count: count - half })
  }

  const ranges = document && rangesOf(pages, document.pages, PART.pages)
  if (isWhole(ranges, document, payload)) {
    document?.close()
    await ask(payload, { from: 0, count: document?.pages ?? Infinity })
    checkPages(pages, read.pages.length)
    read.pages = read.pages.filter(({ page: { index } }) => pages?.includes(index) ?? true)
  } else {
    const rest = [...ranges ?? []]
    const work = async () => {
      for (let range = rest.shift(); range !== undefined; range = rest.shift()) await part(range)
    }
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, work))
    } catch (error) {
      failed.abort(error)
      throw error
    }
  }
  read.pages.sort((a, b) => a.page.index - b.page.index)
  return read
}

/** Whether the document is one query: it is short, or cannot be cut. */
function isWhole(
  ranges: readonly Range[] | undefined,
  document: OpenDocument | undefined,
  { bytes }: Payload,
): boolean {
  if (ranges === undefined || document === undefined) return true
  const isOne = ranges.length === 1 && ranges[0]!.count === document.pages
  return isOne && bytes.byteLength <= PART.bytes
}

function pagesOf(
  pipeline: Pipeline,
  answer: Finished,
  { bytes }: Payload,
  from: number,
  count: number,
): Page[] {
  if (!readsDocuments(pipeline)) return [pageOf(linesOf(pipeline, answer), bytes)]
  const list = assembleOutputs(pipeline, answer.items)[PAGES]
  const pages: Page[] = Array.isArray(list) ? list : []
  // Nodes made the list: it has to have each page once, and all of them.
  const isSound = pages.length > 0 && (count === Infinity || count === pages.length) &&
    pages.every((page, at) => page?.index === at && Array.isArray(page.blocks))
  if (isSound) return pages.map((page) => ({ ...page, index: from + page.index }))
  const message = `Cannot use the answer: it is not ${
    count === Infinity ? 'a list of' : count
  } pages`
  throw new ApiError('node_failed', message)
}

/** The variant that opened a PDF sets the resolution of its pages; pictures have the usual one. */
function dpiOf({ root, tasks }: Pipeline, { path }: Finished, { meta }: Payload): number {
  const [variant = ''] = Object.keys(path[root] ?? {})
  const input = tasks[root]?.variants[variant]?.['input'] as { dpi?: unknown } | undefined
  return meta['type'] === PDF && typeof input?.dpi === 'number' ? input.dpi : USUAL_DPI
}

/** Queries of a call that failed are cancelled like those of a client that left. */
const eitherGone = (gone: Gone, failed: AbortSignal): Gone => (left) => {
  const leave = () => left(failed.reason)
  if (failed.aborted) {
    leave()
    return () => {}
  }
  const unwatch = gone(left)
  failed.addEventListener('abort', leave)
  return () => {
    unwatch()
    failed.removeEventListener('abort', leave)
  }
}
