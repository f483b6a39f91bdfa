/**
 * OpenAI's API, as far as it generates text: a pipeline is a model.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import type { Pipeline } from '../../../pipeline/schema.ts'
import { publicName, versionOf } from '../../../pipeline/version.ts'
import { ApiError } from '../../core/api_error.ts'
import { compressed } from '../../http/compress.ts'
import { stagesOf, timingOf } from '../../pool/answer.ts'
import type { InferParts } from '../common/infer_parts.ts'
import type { Whole } from '../generate/running.ts'
import { streamed } from '../generate/stream.ts'
import { type Find, submitText } from '../generate/submit.ts'
import { checkedPin, modelsOf, splitModel } from './models.ts'
import type { OpenAiModel } from './schemas.ts'
import { chatOf, chatWriter, completionOf, completionWriter } from './shapes.ts'

const OWNER = 'shoal'

const KINDS = {
  chat: { prefix: 'chatcmpl', whole: chatOf, writer: chatWriter },
  completion: { prefix: 'cmpl', whole: completionOf, writer: completionWriter },
}

/** @param wallMs the time of day, milliseconds since the epoch */
export function mountOpenAi(
  app: Hono,
  parts: InferParts,
  wallMs: () => number = Date.now,
): void {
  const { pool } = parts
  const { versions } = pool
  const secondsNow = () => Math.floor(wallMs() / 1000)
  const created = secondsNow()
  const rulings = () => pool.rulings.list()
  const models = () =>
    versions.current().flatMap(({ pipeline }) => modelsOf(pipeline, rulings()))
      .map((id): OpenAiModel => ({ id, object: 'model', created, owned_by: OWNER }))

  const find: Find = ({ model = '' }) => {
    const { name, variant } = splitModel(model)
    if (versions.find(name) === undefined) throw unknown(model)
    return variant === undefined
      ? { name }
      : { name, floorOf: (pipeline) => checkedPin(pipeline, variant, rulings()).floor }
  }
  const unknown = (model: string) => {
    const names = models().map(({ id }) => id).join(', ') || 'none'
    const message = `Cannot find model ${model.slice(0, 100)}: there are ${names}`
    return new ApiError('unknown_pipeline', message)
  }

  async function serve(c: Context, kind: keyof typeof KINDS): Promise<Response> {
    const { prefix, whole, writer } = KINDS[kind]
    const { id, text, pipeline, running } = await submitText(c, kind, find, parts)
    // Clients show this id with errors.
    c.header('x-request-id', id)
    const head = { id: `${prefix}-${id}`, created: secondsNow(), model: text.model! }
    if (text.stream) return await streamed(c, running, parts, writer(head, text.usage))
    const answered = await running.whole
    const { answer, generated, latencyMs, modelledJ } = answered
    const body = JSON.stringify(whole(head, generated, fingerprintOf(pipeline, answered)))
    c.header('content-type', 'application/json')
    const timing = timingOf(latencyMs, stagesOf(answer, pool, pipeline), modelledJ)
    const own: Record<string, string> = { 'server-timing': timing }
    const sent = compressed(c.req.raw.headers, body, own)
    return c.body(sent as string, 200, own)
  }

  app.post('/v1/chat/completions', (c) => serve(c, 'chat'))
  app.post('/v1/completions', (c) => serve(c, 'completion'))
  app.get('/v1/models', (c) => c.json({ object: 'list', data: models() }))
  app.get('/v1/models/:id', (c) => {
    const id = c.req.param('id')
    const found = models().find((one) => one.id === id)
    if (found === undefined) throw unknown(id)
    return c.json(found)
  })
}

/** The fingerprint of an answer: it changes with the pipeline's version and with the variants. */
function fingerprintOf({ name }: Pipeline, { answer: { path } }: Whole): string {
  const variants = Object.values(path).flatMap((of) => Object.keys(of).sort())
  return ['fp', publicName(name), versionOf(name), ...variants].join('_')
}
