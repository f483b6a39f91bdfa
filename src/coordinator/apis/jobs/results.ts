/**
 * Results of a job: each output of each document, and all of them as a zip.
 *
 * @module
 */
import { stat } from 'node:fs/promises'
import type { Context } from 'hono'
import { makeZip } from 'client-zip'
import { ENDINGS } from '../../../client/job_facts.ts'
import type { JobOutput, JobResult } from '../../../client/job_types.ts'
import { outputStems } from '../../../client/output_names.ts'
import { ApiError } from '../../core/api_error.ts'
import { wantsBody } from '../../http/wants_body.ts'
import { streamOf } from '../../jobs/file_stream.ts'
import type { Folder } from '../../jobs/folder.ts'
import { documentOf } from '../../jobs/info.ts'
import type { Job } from '../../jobs/job.ts'
import { readDocument } from '../../jobs/part_files.ts'

const TYPES: Record<JobOutput, string> = {
  text: 'text/plain; charset=utf-8',
  json: 'application/json',
  hocr: 'text/html; charset=utf-8',
  alto: 'application/xml',
  pdf: 'application/pdf',
}

export async function resultsOf(folder: Folder, job: Job): Promise<JobResult[]> {
  const results: JobResult[] = []
  for (const row of job.documents) {
    const { failed } = row.failed > 0 ? await readDocument(folder, job.id, row.n) : { failed: [] }
    results.push({ ...documentOf(row), failedPages: failed })
  }
  return results
}

/** @param name as `0.txt` @throws ApiError `not_found` */
export async function resultFile(
  c: Context,
  folder: Folder,
  job: Job,
  name: string,
): Promise<Response> {
  const [, n = '', ending = ''] = /^(\d{1,6})(\.[a-z]{3,4})$/.exec(name) ?? []
  const output = job.documents[Number(n || NaN)]?.outputs.find((one) => ENDINGS[one] === ending)
  if (output === undefined) {
    const message = `Cannot find ${name.slice(0, 40)} of job ${job.id}: see /v1/jobs/${job.id}`
    throw new ApiError('not_found', message)
  }
  const path = await folder.path(job.id, 'out', name)
  const { size } = await stat(path)
  // As an attachment no browser shows or runs it.
  const saved = `attachment; filename*=UTF-8''${encoded(stemsOf(job)[Number(n)]! + ending)}`
  return c.body(wantsBody(c) ? streamOf(path) : '', 200, {
    ...{ 'content-type': TYPES[output], 'content-length': String(size) },
    'content-disposition': saved,
  })
}

/** The outputs so far as a zip, made as it is sent. */
export function zipOf(c: Context, folder: Folder, job: Job): Response {
  const saved = `attachment; filename="${job.id}.zip"`
  const headers = { 'content-type': 'application/zip', 'content-disposition': saved }
  if (!wantsBody(c)) return c.body('', 200, headers)
  const stems = stemsOf(job)
  async function* files() {
    for (const { n, outputs } of job.documents) {
      for (const output of outputs) {
        const ending = ENDINGS[output]
        const path = await folder.path(job.id, 'out', `${n}${ending}`)
        const { size, mtime } = await stat(path)
        const name = stems[n]! + ending
        yield { name, lastModified: mtime, size, input: streamOf(path) }
      }
    }
  }
  return c.body(makeZip(files()), 200, headers)
}

const stemsOf = ({ documents }: Job) => outputStems(documents.map(({ name }) => name))

/** Encoded as in RFC 8187, which allows fewer characters than URLs. */
const encoded = (name: string): string =>
  encodeURIComponent(name).replaceAll(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`)
