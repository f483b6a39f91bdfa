/**
 * Files and batches of OpenAI's API.
 *
 * @module
 */
import { z } from 'zod'

export const ENDPOINTS = ['/v1/chat/completions', '/v1/completions'] as const
/** Purposes of files: batches, inputs of jobs, documents for `/v1/ocr`. */
export const PURPOSES = ['batch', 'user_data', 'ocr'] as const
export const WINDOW = '24h'

const count = z.number().int().min(0)
const at = count.nullable()
const MOST_METADATA = 16

export const openAiFile = z.object({
  id: z.string(),
  object: z.literal('file'),
  bytes: count,
  created_at: count,
  expires_at: count,
  filename: z.string(),
  purpose: z.enum([...PURPOSES, 'batch_output']),
  status: z.literal('processed'),
  sample_type: z.literal('ocr_input').optional().meta({ description: "For Mistral's clients." }),
  source: z.literal('upload').optional().meta({ description: 'As `sample_type`.' }),
})

const page = {
  has_more: z.boolean(),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
}
export const openAiFiles = z.object({
  object: z.literal('list'),
  data: z.array(openAiFile),
  ...page,
})
export const openAiDeleted = z.object({
  id: z.string(),
  object: z.literal('file'),
  deleted: z.literal(true),
})

const metadata = z.record(z.string().max(64), z.string().max(512)).refine(
  (all) => Object.keys(all).length <= MOST_METADATA,
  { error: `must have at most ${MOST_METADATA} members` },
)

export const batchRequest = z.looseObject({
  input_file_id: z.string().max(100).meta({
    description: 'A file of lines `{custom_id, method: "POST", url, body}`.',
  }),
  endpoint: z.enum(ENDPOINTS),
  completion_window: z.literal(WINDOW),
  metadata: metadata.nullish(),
})

export const openAiBatch = z.object({
  id: z.string(),
  object: z.literal('batch'),
  endpoint: z.enum(ENDPOINTS),
  errors: z.object({
    object: z.literal('list'),
    data: z.array(z.object({
      ...{ code: z.string(), message: z.string() },
      ...{ line: count.nullable(), param: z.string().nullable() },
    })),
  }).nullable(),
  input_file_id: z.string(),
  completion_window: z.literal(WINDOW),
  status: z.enum([
    ...['validating', 'failed', 'in_progress', 'finalizing', 'completed'] as const,
    ...['expired', 'cancelling', 'cancelled'] as const,
  ]),
  output_file_id: z.string().nullable(),
  error_file_id: z.string().nullable(),
  created_at: count,
  ...{ in_progress_at: at, expires_at: at, finalizing_at: at, completed_at: at, failed_at: at },
  ...{ expired_at: at, cancelling_at: at, cancelled_at: at },
  request_counts: z.object({ total: count, completed: count, failed: count }),
  metadata: z.record(z.string(), z.string()).nullable(),
})

export const openAiBatches = z.object({
  object: z.literal('list'),
  data: z.array(openAiBatch),
  ...page,
})

export type OpenAiFile = z.infer<typeof openAiFile>
export type OpenAiBatch = z.infer<typeof openAiBatch>
