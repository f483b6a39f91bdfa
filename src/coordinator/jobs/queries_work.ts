/**
 * Jobs of any pipeline that takes pictures or texts: each file is one query, the outputs of its
 * answer are the result.
 *
 * @module
 */
import { takesText } from '../../pipeline/generate.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import { ApiError } from '../core/api_error.ts'
import { bodyRoom, MAX_BODY_BYTES } from '../http/bodies/body.ts'
import { pictureOf } from '../http/inputs/picture.ts'
import { textPayload } from '../http/inputs/text.ts'
import { readDocument } from './part_files.ts'
import { queryPipeline, type WorkParts } from './query_pipeline.ts'
import { DocumentFault, type Work } from './work.ts'

export function createQueriesWork(parts: WorkParts): Work {
  const { folder, pool } = parts
  let reading: Promise<unknown> = Promise.resolve()
  /** Jobs open files at the same time: this keeps one file at a time in memory. */
  function oneByOne<T>(read: () => Promise<T>): Promise<T> {
    const next = reading.then(read)
    reading = next.catch(() => {})
    return next
  }
  const payloadOf = (bytes: Uint8Array) => (pipeline: Pipeline) =>
    takesText(pipeline) ? textPayload(bytes) : pictureOf(bytes)

  return {
    async open(job, n) {
      const { name, bytes } = job.documents[n]!
      if (bytes > MAX_BODY_BYTES) {
        const message = `Cannot take ${name}: a query has at most ${MAX_BODY_BYTES} bytes`
        throw new DocumentFault({ reason: 'too_large', message })
      }
      const served = pool.versions.find(job.row.pipeline)
      // A pipeline that is not served now may be served again: its inputs are checked then.
      if (served === undefined) return { type: 'application/octet-stream', pages: 1, unitPages: 1 }
      try {
        const { meta } = await oneByOne(async () =>
          payloadOf(await folder.read(job.id, 'in', String(n)))(served.pipeline)
        )
        return { type: String(meta['type']), pages: 1, unitPages: 1 }
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        throw new DocumentFault({ reason: error.reason, message: error.message })
      }
    },

    async ask(job, { document, from }, terms) {
      const { bytes } = job.documents[document]!
      const read = () => folder.read(job.id, 'in', String(document))
      // Room is held here until the pool counts the query.
      const payload = payloadOf(await bodyRoom.within(bytes, undefined, read))
      const outcome = await queryPipeline(parts, job.row.pipeline, payload, terms)
      return { pages: [{ index: from, ...outcome }], failed: [] }
    },

    async finish(job, n) {
      const { pages: [page] } = await readDocument(folder, job.id, n)
      const { index: _, ...outcome } = page!
      const text = JSON.stringify({ name: job.documents[n]!.name, ...outcome })
      await folder.write(text, job.id, 'out', `${n}.json`)
      return ['json']
    },
  }
}
