/**
 * The Open Inference Protocol, version 2: a pipeline is a model, of one version.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import { takesDocument } from '../../../pipeline/documents.ts'
import type { Pipeline } from '../../../pipeline/schema.ts'
import { publicName, versionOf } from '../../../pipeline/version.ts'
import { ApiError } from '../../core/api_error.ts'
import { type Gone, goneOf } from '../../core/gone.ts'
import { leftAddress } from '../../http/access/caller.ts'
import { readBody } from '../../http/bodies/body.ts'
import { readEncoding } from '../../http/bodies/inflate.ts'
import type { History } from '../../observe/history.ts'
import { answerOf, answerRequest } from '../../pool/answer.ts'
import type { Form } from '../bodies/query.ts'
import type { InferParts } from '../common/infer_parts.ts'
import { readInferHeaders } from '../common/infer_request.ts'
import { boundPayload } from '../generate/prompt.ts'
import { checkIndexBytes, configOf, indexOf, readIndexRequest } from './config.ts'
import { generate } from './generate.ts'
import { type Model, modelOf, PLATFORM } from './model.ts'
import { checkContentType, type RequestModel } from './request.ts'
import { respond } from './response.ts'
import type { ModelMetadata, ModelStats } from './schemas.ts'
import { statsOf } from './statistics.ts'

export const SERVER = {
  name: 'shoal',
  version: '0.1.0',
  extensions: ['binary_tensor_data', 'model_configuration', 'schedule_policy', 'statistics'],
}

/** Time for the body of a call for the index. */
const INDEX_MS = 5000

export interface OipOptions extends InferParts {
  /** Notes the times of calls. */
  history: Pick<History, 'timed' | 'took'>
}

export function mountOip(app: Hono, options: OipOptions): void {
  const { pool, history: { timed }, now, peers } = options
  const { versions } = pool
  const models = new WeakMap<Pipeline, Model>()

  function modelFor(pipeline: Pipeline): Model {
    let model = models.get(pipeline)
    if (model === undefined) models.set(pipeline, model = modelOf(pipeline))
    return model
  }

  function find(c: Context): Model {
    const name = c.req.param('model') ?? ''
    const version = c.req.param('version')
    const served = versions.find(name)
    if (served === undefined) {
      const names = versions.current().map(({ pipeline }) => publicName(pipeline.name)).join(', ')
      throw new ApiError('unknown_pipeline', `Cannot find model ${name}: served are ${names}`)
    }
    const there = String(versionOf(served.pipeline.name))
    if (version !== undefined && version !== there) {
      const message = `Cannot find version ${version} of model ${name}: there is ${there}`
      throw new ApiError('unknown_pipeline', message)
    }
    return modelFor(served.pipeline)
  }

  const stats = (c: Context, of: readonly Model[]) =>
    c.json<ModelStats>({
      model_stats: of.map(({ pipeline: { name } }) => {
        const totals = pool.telemetry.pipelines.get(publicName(name))!
        return statsOf(publicName(name), String(versionOf(name)), totals)
      }),
    })

  // The specification's document has the slash, its text has not.
  for (const path of ['/v2', '/v2/']) app.get(path, (c) => c.json(SERVER))
  app.get('/v2/health/live', (c) => c.json({ live: true }))
  app.get('/v2/health/ready', (c) => {
    const ready = pool.ready()
    // The specification names the field of this answer `live`.
    return c.json({ ready, live: ready }, ready ? 200 : 503)
  })
  app.post('/v2/repository/index', async (c) => {
    checkIndexBytes(Number(c.req.header('content-length')))
    const { deadlines, draining } = pool
    const nowMs = now()
    const options = { address: leftAddress(c), draining }
    const body = await readBody(c.req.raw, deadlines, nowMs, nowMs + INDEX_MS, options)
    const { ready = false } = readIndexRequest(body)
    const served = versions.current().map(({ pipeline }) => pipeline)
    return c.json(indexOf(served, pool.isReady, ready))
  })
  const allStats = (c: Context) =>
    stats(c, versions.current().map(({ pipeline }) => modelFor(pipeline)))

  for (const path of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    app.get(path, (c) => {
      // A route of its own would need the slower router.
      const isAll = c.req.param('model') === 'stats' && c.req.param('version') === undefined
      return isAll ? allStats(c) : c.json(metadataOf(find(c)))
    })
    app.get(`${path}/ready`, (c) => {
      const { pipeline } = find(c)
      const ready = pool.isReady(pipeline)
      return c.json({ name: publicName(pipeline.name), ready }, ready ? 200 : 503)
    })
    app.get(`${path}/config`, (c) => c.json(configOf(find(c))))
    app.get(`${path}/stats`, (c) => stats(c, [find(c)]))
    app.post(`${path}/infer`, (c) => {
      const name = publicName(find(c).pipeline.name)
      return versions.serve(
        name,
        (pipeline) => timed(name, () => infer(c, modelFor(pipeline), options, goneOf(c, peers))),
      )
    })
    app.post(`${path}/generate`, (c) => generate(c, nameOf(find(c)), options, false))
    app.post(`${path}/generate_stream`, (c) => generate(c, nameOf(find(c)), options, true))
  }
}

const nameOf = ({ pipeline }: Model) => publicName(pipeline.name)

function metadataOf({ pipeline, inputs, outputs }: Model): ModelMetadata {
  return {
    name: publicName(pipeline.name),
    versions: [String(versionOf(pipeline.name))],
    platform: PLATFORM,
    inputs,
    outputs: outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
  }
}

/** The part of a model that a worker needs. */
const plainOf = ({ pipeline, takes, text, outputs }: Model): RequestModel => ({
  document: takesDocument(pipeline),
  takes,
  text,
  outputs: outputs.map(({ name }) => ({ name })),
})

/** All pictures of a call are under way at once; the first that fails ends the call. */
function infer(
  c: Context,
  model: Model,
  { pool, bodies, now, log, schemas }: InferParts,
  client: Gone,
): Promise<Response> {
  const { pipeline } = model
  const request = c.req.raw
  const rest = new AbortController()
  return answerRequest(
    pool,
    pipeline,
    now,
    async (arrivedMs) => {
      const headers = readInferHeaders(request.headers, pipeline.sloMs)
      checkContentType(request.headers)
      const lateMs = arrivedMs + headers.budgetMs
      const { deadlines, draining } = pool
      const address = leftAddress(c)
      const encoding = readEncoding(request.headers)
      const bytes = await readBody(request, deadlines, arrivedMs, lateMs, { address, draining })
      const jsonLength = request.headers.get('inference-header-content-length')
      const form: Form = { api: 'v2', jsonLength, model: plainOf(model) }
      const query = await bodies.read({ form, bytes, encoding, lateMs, address })
      const { id = headers.id, budgetMs = headers.budgetMs } = query
      const { minAccuracy = headers.minAccuracy } = query
      const payloads = await Promise.all(
        query.payloads.map((one) => boundPayload(pipeline, one, schemas, { lateMs, address })),
      )
      return { ...query, payloads, id, budgetMs, minAccuracy, prefer: headers.prefer }
    },
    ({ id, payloads, budgetMs, minAccuracy, prefer }, arrivedMs) => {
      const gone: Gone = (left) => {
        const leave = () => left(rest.signal.reason)
        // The call has its answer: Deno throws where a signal of an ended call is used.
        if (rest.signal.aborted) {
          leave()
          return () => {}
        }
        const unwatch = client(left)
        rest.signal.addEventListener('abort', leave)
        return () => {
          unwatch()
          rest.signal.removeEventListener('abort', leave)
        }
      }
      return payloads.map((payload) =>
        answerOf(pool, {
          ...{ pipeline: pipeline.name, payload, id, holder: leftAddress(c) },
          ...{ arrivedMs, deadlineMs: arrivedMs + budgetMs, gone },
          ...(minAccuracy === undefined ? {} : { minAccuracy }),
          ...(prefer === undefined ? {} : { prefer }),
        })
      )
    },
    (query, answers, latencyMs, modelledJ) => {
      log.debug?.(`query ${query.id}: ${pipeline.name}, ${answers.length} in ${latencyMs} ms`, {
        ...{ event: 'query', id: query.id, pipeline: pipeline.name, latencyMs },
      })
      return respond(model, query, answers, latencyMs, modelledJ, request.headers)
    },
  ).catch((error) => {
    rest.abort(error)
    throw error
  })
}
