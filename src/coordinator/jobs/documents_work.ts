/**
 * Jobs of documents: a few pages are a query of a pipeline that answers with pages.
 *
 * @module
 */
import { ENDINGS } from '../../client/job_facts.ts'
import type { Documents, DocumentType, Output, Part } from '../../documents/documents.ts'
import type { Page } from '../../documents/page.ts'
import { ApiError } from '../core/api_error.ts'
import { isPictureType, pictureOf } from '../http/inputs/picture.ts'
import type { Payload } from '../nodes/payload.ts'
import type { DocumentReader } from './document_reader.ts'
import { PAGES, PART } from './documents/parts.ts'
import type { Job } from './job.ts'
import { readDocument } from './part_files.ts'
import { queryPipeline, type WorkParts } from './query_pipeline.ts'
import type { Failure } from './types.ts'
import { DocumentFault, SplitError, type Work } from './work.ts'

export function createDocumentsWork(parts: WorkParts, reader: DocumentReader): Work {
  const { folder } = parts
  const pathOf = ({ id }: Job, n: number) => folder.path(id, 'in', String(n))

  return {
    async open(job, n) {
      const { type, pages } = await reader.use(
        job.row.owner,
        await pathOf(job, n),
        (_, opened) => Promise.resolve({ ok: true as const, ...opened }),
      )
      const { bytes } = job.documents[n]!
      return { type, pages, unitPages: unitPagesOf(bytes, pages) }
    },

    async ask(job, { document, from, count }, terms) {
      const cut = (documents: Documents) => documents.part(from, count)
      const part = await reader.use(job.row.owner, await pathOf(job, document), cut)
      if (part.bytes.byteLength > PART.bytes && count > 1) throw new SplitError()
      const { pipeline } = job.row
      const { outputs } = await queryPipeline(parts, pipeline, () => payloadOf(part), terms)
      return { pages: pagesOf(outputs, from, count), failed: [] }
    },

    async finish(job, n) {
      const { name } = job.documents[n]!
      const { pages } = await readDocument(folder, job.id, n)
      const written: Output[] = []
      let failure: Failure | undefined
      for (const output of job.row.output) {
        try {
          const write = (documents: Documents) => documents.write(output, pages as Page[], name)
          const { bytes } = await reader.use(job.row.owner, await pathOf(job, n), write)
          await folder.write(bytes, job.id, 'out', `${n}${ENDINGS[output]}`)
          written.push(output)
        } catch (error) {
          if (!(error instanceof DocumentFault || error instanceof ApiError)) throw error
          const { reason, message } = error instanceof DocumentFault ? error.failure : error
          failure ??= { reason, message: `${output}: ${message}` }
        }
      }
      job.documents[n]!.error ??= failure ?? null
      if (failure !== undefined && written.length === 0) throw new DocumentFault(failure)
      return written
    },
  }
}

/** Few pages, so that a part ends soon, and its bytes fit into a message. */
const unitPagesOf = (bytes: number, pages: number): number =>
  Math.min(PART.pages, Math.max(1, Math.floor(PART.bytes / (bytes / Math.max(1, pages)))))

function payloadOf({ type, bytes }: Part): Payload {
  const asPicture: DocumentType | undefined = isPictureType(type) ? type : undefined
  return asPicture === undefined ? { meta: { type }, bytes } : pictureOf(bytes, asPicture as never)
}

/** @throws ApiError where the pipeline's answer has other pages */
function pagesOf(outputs: Record<string, unknown>, from: number, count: number): Page[] {
  const pages = outputs[PAGES]
  if (!Array.isArray(pages)) {
    throw new ApiError('internal', `Cannot use the answer: it has no list ${PAGES}`)
  }
  const found = new Map<number, Page>()
  pages.forEach((page: Page, at) => {
    const index = Number.isInteger(page?.index) ? page.index : at
    if (index >= 0 && index < count) found.set(index, { ...page, index: from + index })
  })
  return [...found.values()]
}
