/**
 * The Open Inference Protocol, version 2: a pipeline is a model, of one version.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import type { Pipeline } from '../../pipeline/schema.ts'
import { answerOf, answerRequest } from '../answer.ts'
import { ApiError } from '../api_error.ts'
import { readBody } from '../body.ts'
import { readInferHeaders } from '../infer_request.ts'
import type { Log } from '../log.ts'
import type { Pool } from '../pool.ts'
import { type Model, modelOf, PLATFORM, VERSION } from './model.ts'
import { checkContentType, readRequest } from './request.ts'
import { respond } from './response.ts'
import type { ModelMetadata, ModelStats } from './schemas.ts'
import { statsOf } from './statistics.ts'

export const SERVER = {
  name: 'shoal',
  version: '0.1.0',
  extensions: ['binary_tensor_data', 'schedule_policy', 'statistics'],
}

export interface OipOptions {
  pool: Pool
  pipelines: readonly Pipeline[]
  /** Notes how long a call of a pipeline took. */
  timed(pipeline: string, work: () => Promise<Response>): Promise<Response>
  now: () => number
  log: Log
}

export function mountOip(app: Hono, options: OipOptions): void {
  const { pool, pipelines, timed, now, log } = options
  const models = new Map(pipelines.map((pipeline) => [pipeline.name, modelOf(pipeline)]))

  function find(c: Context): Model {
    const name = c.req.param('model') ?? ''
    const version = c.req.param('version')
    const model = models.get(name)
    if (model === undefined) {
      const known = [...models.keys()].join(', ')
      throw new ApiError('unknown_pipeline', `Cannot find model ${name}: served are ${known}`)
    }
    if (version !== undefined && version !== VERSION) {
      const message = `Cannot find version ${version} of model ${name}: there is ${VERSION}`
      throw new ApiError('unknown_pipeline', message)
    }
    return model
  }

  const stats = (c: Context, of: readonly Model[]) =>
    c.json<ModelStats>({
      model_stats: of.map(({ pipeline: { name } }) =>
        statsOf(name, pool.telemetry.pipelines.get(name)!)
      ),
    })

  // The specification's document writes it with the slash, its text without.
  for (const path of ['/v2', '/v2/']) app.get(path, (c) => c.json(SERVER))
  app.get('/v2/health/live', (c) => c.json({ live: true }))
  app.get('/v2/health/ready', (c) => {
    const ready = pool.ready()
    // The specification names the field of this answer `live`.
    return c.json({ ready, live: ready }, ready ? 200 : 503)
  })
  app.get('/v2/models/stats', (c) => stats(c, [...models.values()]))

  for (const path of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    app.get(path, (c) => c.json(metadataOf(find(c))))
    app.get(`${path}/ready`, (c) => {
      const { pipeline } = find(c)
      const ready = pool.isReady(pipeline)
      return c.json({ name: pipeline.name, ready }, ready ? 200 : 503)
    })
    app.get(`${path}/stats`, (c) => stats(c, [find(c)]))
    app.post(`${path}/infer`, (c) => {
      const model = find(c)
      return timed(model.pipeline.name, () => infer(c, pool, model, now, log))
    })
  }
}

function metadataOf({ pipeline, inputs, outputs }: Model): ModelMetadata {
  return {
    name: pipeline.name,
    versions: [VERSION],
    platform: PLATFORM,
    inputs,
    outputs: outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
  }
}

/** All pictures of a call are under way at once; the first that fails ends the call. */
async function infer(
  c: Context,
  pool: Pool,
  model: Model,
  now: () => number,
  log: Log,
): Promise<Response> {
  const { pipeline } = model
  const request = c.req.raw
  const rest = new AbortController()
  const { query, answers, latencyMs } = await answerRequest(
    pool,
    pipeline,
    now,
    async (arrivedMs) => {
      const headers = readInferHeaders(request.headers, pipeline.sloMs)
      checkContentType(request.headers)
      const body = await readBody(request, pool.deadlines, arrivedMs, arrivedMs + headers.budgetMs)
      const jsonLength = request.headers.get('inference-header-content-length')
      const query = readRequest(model, jsonLength, body)
      const { id = headers.id, budgetMs = headers.budgetMs } = query
      return { ...query, id, budgetMs, minAccuracy: query.minAccuracy ?? headers.minAccuracy }
    },
    ({ pictures, budgetMs, minAccuracy }, arrivedMs) => {
      const signal = AbortSignal.any([request.signal, rest.signal])
      return pictures.map(({ type, bytes }) =>
        answerOf(pool, {
          pipeline: pipeline.name,
          payload: { meta: { type }, bytes },
          ...{ arrivedMs, deadlineMs: arrivedMs + budgetMs, signal },
          ...(minAccuracy === undefined ? {} : { minAccuracy }),
        })
      )
    },
  ).catch((error) => {
    rest.abort(error)
    throw error
  })
  log.debug?.(`query ${query.id}: ${pipeline.name}, ${answers.length} in ${latencyMs} ms`, {
    ...{ event: 'query', id: query.id, pipeline: pipeline.name, latencyMs },
  })
  return respond(model, query, answers, latencyMs)
}
