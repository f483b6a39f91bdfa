/**
 * Rows of the store as jobs, documents and files. Invalid rows are left out: the file may have been
 * changed by hand or by another version.
 *
 * @module
 */
import { z } from 'zod'
import { OUTPUTS } from '../../documents/documents.ts'
import type { Records } from '../store/records.ts'
import type { DocumentRow, FileRow, JobRow } from './types.ts'

const count = z.number().int().min(0)
const state = z.enum(['queued', 'running', 'done', 'failed', 'cancelled'])
const outputs = z.array(z.enum(OUTPUTS))

const jobRow = z.object({
  ...{ id: z.string().regex(/^[\w-]+$/), owner: z.string(), pipeline: z.string() },
  ...{ kind: z.enum(['documents', 'queries', 'batch']), state, output: outputs },
  ...{ createdAtMs: z.number(), startedAtMs: z.number().nullable() },
  ...{ endedAtMs: z.number().nullable(), byMs: z.number().nullable() },
  webhook: z.object({
    ...{ url: z.string(), secret: z.string(), progress: z.boolean(), near: z.boolean() },
    ...{ state: z.enum(['waiting', 'delivered', 'failed']), tries: count },
  }).nullable(),
  batch: z.object({
    ...{ endpoint: z.string(), inputFileId: z.string() },
    ...{ outputFileId: z.string().nullable(), errorFileId: z.string().nullable() },
    metadata: z.record(z.string(), z.string()).nullable(),
    cancellingAtMs: z.number().nullable(),
  }).nullable(),
})

const documentRow = z.object({
  ...{ job: z.string(), n: count, name: z.string(), bytes: count, state, outputs },
  ...{ type: z.string().nullable(), pages: count.nullable(), done: count, failed: count },
  error: z.object({ reason: z.string(), message: z.string() }).nullable(),
  // Rows of earlier versions have none.
  openings: count.default(0),
})

const fileRow = z.object({
  ...{ id: z.string().regex(/^[\w-]+$/), owner: z.string(), name: z.string() },
  ...{ purpose: z.string(), bytes: count, createdAtMs: z.number() },
})

export interface Rows {
  /** Jobs whose documents are all there. */
  jobs: JobRow[]
  /** By job, in their order. */
  documents: Map<string, DocumentRow[]>
  files: FileRow[]
}

export function rowsOf(records: Records): Rows {
  const all: Rows = { jobs: [], documents: new Map(), files: [] }
  for (const [kind, , row] of records) {
    if (kind === 'job') all.jobs.push(...take(jobRow, row))
    else if (kind === 'file') all.files.push(...take(fileRow, row))
    else {
      for (const one of take(documentRow, row)) {
        all.documents.set(one.job, [...all.documents.get(one.job) ?? [], one])
      }
    }
  }
  for (const rows of all.documents.values()) rows.sort((a, b) => a.n - b.n)
  all.jobs = all.jobs.filter(({ id }) => all.documents.get(id)?.every(({ n }, i) => n === i))
  return all
}

function take<T>(schema: z.ZodType<T>, row: string): T[] {
  try {
    return [schema.parse(JSON.parse(row))]
  } catch {
    return []
  }
}
