/**
 * The JSON objects of `/v1/jobs`.
 *
 * @module
 */
import { z } from 'zod'
import { OUTPUTS } from '../../../documents/documents.ts'
import { JOBS } from '../../jobs/params.ts'

const count = z.number().int().min(0)
const total = count.nullable().meta({ description: 'Null until all documents were opened.' })
const at = z.string().nullable().meta({ description: 'ISO 8601.' })
const state = z.enum(['queued', 'running', 'done', 'failed', 'cancelled'])
const output = z.enum(OUTPUTS)
const failure = { reason: z.string(), message: z.string() }

const webhookRequest = z.union([
  z.string(),
  z.strictObject({
    url: z.string(),
    secret: z.string().optional().meta({ description: '`whsec_` and base64; made if absent.' }),
    progress: z.boolean().optional().meta({ description: 'Also told every minute how far it is.' }),
  }),
])

export const jobOptions = z.strictObject({
  pipeline: z.string().min(1).max(200).optional().meta({ description: '`documents` by default.' }),
  by: z.string().max(100).optional().meta({
    description: 'An instant of ISO 8601, or the next time of day, as `07:00`, where the ' +
      'coordinator is.',
  }),
  deadlineMs: z.number().int().min(1).max(JOBS.farthestMs).optional()
    .meta({ description: 'From now on, in place of `by`.' }),
  webhook: webhookRequest.optional(),
  output: z.array(output).min(1).max(OUTPUTS.length).optional().meta({
    description: '`text` and `json` by default.',
  }),
})

export type JobOptions = z.infer<typeof jobOptions>

export const jobRequest = z.strictObject({
  ...jobOptions.shape,
  inputs: z.array(z.strictObject({
    name: z.string().max(1000).optional(),
    data: z.string().optional().meta({ description: 'A file as base64.' }),
    text: z.string().optional(),
    file: z.string().max(100).optional().meta({ description: 'Id of one of `/v1/files`.' }),
  })).min(1).max(JOBS.documents).meta({ description: 'Each with one of data, text and file.' }),
})

const pages = z.object({ done: count, total, failed: count })

export const jobDocument = z.object({
  n: count.meta({ description: 'Its place in the job.' }),
  name: z.string(),
  bytes: count,
  type: z.string().nullable(),
  ...{ state, pages },
  error: z.object(failure).optional(),
  outputs: z.partialRecord(output, z.string()).meta({ description: 'Paths.' }),
})

export const job = z.object({
  id: z.string(),
  pipeline: z.string(),
  ...{ state, pages },
  ...{ createdAt: z.string(), startedAt: at, endedAt: at, by: at, estimateAt: at },
  inTime: z.boolean().nullable().meta({
    description: 'Whether it is done, or will be, by when it is wanted; null where nobody knows.',
  }),
  pagesPerMinute: z.number().nullable(),
  waiting: z.string().nullable().meta({ description: 'Why it stands still.' }),
  output: z.array(output),
  webhook: z.object({
    ...{ url: z.string(), state: z.enum(['waiting', 'delivered', 'failed']) },
    secret: z.string().optional().meta({ description: 'Told once, where it was made here.' }),
  }).optional(),
  documents: z.array(jobDocument).optional().meta({ description: 'Absent in lists and events.' }),
})

export const jobs = z.object({ jobs: z.array(job) })

const failedPage = z.object({ index: count, ...failure })

export const jobResults = z.object({
  results: z.array(z.object({ ...jobDocument.shape, failedPages: z.array(failedPage) })),
})
