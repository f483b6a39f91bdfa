/**
 * `POST /v2/models/{m}/generate` and `/generate_stream`, the generate extension.
 *
 * @module
 */
import type { Context } from 'hono'
import { publicName, versionOf } from '../../../pipeline/version.ts'
import type { InferParts } from '../common/infer_parts.ts'
import { eventOf, streamed } from '../generate/stream.ts'
import { submitText } from '../generate/submit.ts'
import type { GenerateResponse } from './generate_body.ts'

/** @param name name of a pipeline that is served @throws ApiError */
export async function generate(
  c: Context,
  name: string,
  parts: InferParts,
  stream: boolean,
): Promise<Response> {
  const { id, text, pipeline, running } = await submitText(c, 'generate', () => ({ name }), parts)
  const head = {
    model_name: publicName(pipeline.name),
    model_version: String(versionOf(pipeline.name)),
    id: text.id ?? id,
  }
  if (!stream) {
    const { generated } = await running.whole
    return c.json<GenerateResponse>({ ...head, text_output: generated.text })
  }
  return await streamed(c, running, parts, {
    piece: (text_output) => eventOf({ ...head, text_output, done: false }),
    end: () => eventOf({ ...head, text_output: '', done: true }),
    fault: ({ message, reason }) => eventOf({ error: message, reason }),
  })
}
