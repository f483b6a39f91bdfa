/**
 * The HTTP surface of the coordinator: wires the rooms together.
 *
 * @module
 */
import { Hono } from 'hono'
import { RegExpRouter } from 'hono/router/reg-exp-router'
import type { PipelineInfo, StatsInfo } from '../client/types.ts'
import { pathAccuracyOf } from '../pipeline/accuracy.ts'
import { takesDocument } from '../pipeline/documents.ts'
import { generatingTask, takesText } from '../pipeline/generate.ts'
import { queryTensors } from '../pipeline/takes.ts'
import { variantPaths } from '../pipeline/tree.ts'
import { publicName, versionOf } from '../pipeline/version.ts'
import type { Cutter } from './apis/adapters/cutter.ts'
import { LITEPARSE_PATH, mountLiteparse } from './apis/adapters/liteparse.ts'
import { mountMistral } from './apis/adapters/mistral.ts'
import { isMistral, mistralResponse, OCR_PATH } from './apis/adapters/mistral_errors.ts'
import { uploadsIn } from './apis/adapters/uploads_in.ts'
import { type BodyReader, createBodyReader } from './apis/bodies/reader.ts'
import type { SchemaReader } from './apis/generate/schema_reader.ts'
import { mountJobs } from './apis/jobs/routes.ts'
import { mountOip } from './apis/oip/routes.ts'
import { createBatchApi } from './apis/openai/batch_handler.ts'
import { mountBatches } from './apis/openai/batch_routes.ts'
import { isOpenAi, openAiResponse } from './apis/openai/errors.ts'
import { mountOpenAi } from './apis/openai/routes.ts'
import { mountDocs } from './apis/openapi/docs.ts'
import { mountAdmin, type Reloaded } from './apis/v1/admin_routes.ts'
import { createEvents } from './apis/v1/events.ts'
import { infer } from './apis/v1/infer.ts'
import { asksForStream, inferStream } from './apis/v1/infer_stream.ts'
import { ApiError } from './core/api_error.ts'
import { LEFT, type Peers } from './core/gone.ts'
import type { Keyring } from './core/keys.ts'
import type { Log } from './core/log.ts'
import { type AccessLimits, createAccess } from './http/access/access.ts'
import { allowOrigins, finish } from './http/access/headers.ts'
import { mountLink } from './http/link_route.ts'
import { notFound } from './http/methods.ts'
import { hostOf } from './http/origin.ts'
import { type Assets, mountPages, pageHeaders } from './http/pages.ts'
import { wantsBody } from './http/wants_body.ts'
import type { Jobs } from './jobs/jobs.ts'
import { MODEL_PATH, type ServedModel, type ServedPipeline } from './nodes/served.ts'
import { withEnergy } from './observe/energy/stats.ts'
import { createHistory } from './observe/history.ts'
import { createMetrics } from './observe/metrics/metrics.ts'
import { exportMetrics } from './observe/otel/instruments.ts'
import type { Pool } from './pool/pool.ts'

export interface AppOptions {
  pool: Pool
  /** Reads a pipeline's folder anew and serves it; see `admin_routes.ts`. */
  reload?: (name: string) => Promise<Reloaded>
  /** Bytes of a model by content hash; `undefined` where there is none. */
  readModel: (sha256: string) => Promise<BodyInit | undefined>
  now: () => number
  log: Log
  /** Names and addresses, besides loopback, under which this coordinator is reached. */
  hosts?: readonly string[]
  /** Pages and scripts for browsers and for machines without a checkout. */
  assets?: Assets
  /** Keys that calls and nodes need; none where absent. The same as the pool's. */
  keyring?: Keyring
  /** Origins of applications that may call from a browser. */
  origins?: readonly string[]
  /** Origins of pages that may show the join page in a frame. */
  embedders?: readonly string[]
  limits?: Partial<AccessLimits>
  /** Watches the other ends of connections, where the operating system shows their state. */
  peers?: Peers
  /** Reads bodies; where absent, all bodies are read on the event loop. */
  bodies?: BodyReader
  /** Checks schemas of answers; all are accepted where absent. */
  schemas?: SchemaReader
  /** Cuts documents; each is one query where absent. */
  cutter?: Cutter
  /** Work in the background; where absent, there are no jobs. */
  jobs?: Jobs
  /** Whether webhooks of all callers may go to private addresses. */
  nearWebhooks?: boolean
}

/**
 * The coordinator's routes as one Hono app; `app.request()` needs no socket.
 *
 * @example
 * ```ts
 * const app = createApp({ pool, readModel, now: () => performance.now(), log: console.error })
 * Deno.serve({ port: 8787 }, app.fetch)
 * ```
 */
export function createApp(options: AppOptions) {
  const { pool, readModel, now, log, hosts = [], origins = [], assets, peers } = options
  // The quicker router; it refuses, at the first call, routes that it cannot distinguish.
  const app = new Hono({ router: new RegExpRouter() })
  const { versions, deadlines } = pool
  const { bodies = createBodyReader({ now, deadlines }) } = options
  const startedMs = now()
  const history = createHistory(pool, now)
  const access = createAccess({
    ...{ now, hosts, origins },
    isFile: (path) => assets?.has(path) === true,
    ...(options.keyring === undefined ? {} : { keyring: options.keyring }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  })

  app.use(finish)
  if (origins.length > 0) {
    const paths = [
      ...['/v1/pipelines/*', '/v2/*', '/v1/chat/*', '/v1/completions', '/v1/models/*'],
      ...['/v1/jobs/*', '/v1/files/*', '/v1/batches/*'],
      ...[OCR_PATH, LITEPARSE_PATH],
    ]
    for (const path of paths) app.use(path, allowOrigins(origins))
  }
  app.use(access.guard)

  app.onError((error, c) => {
    const answer = (fault: ApiError) =>
      isMistral(c.req.path)
        ? mistralResponse(fault)
        : isOpenAi(c.req.path)
        ? openAiResponse(fault)
        : fault.toResponse()
    if (error instanceof ApiError) {
      log.debug?.(`${c.req.method} ${c.req.path}: ${error.reason}: ${error.message}`, {
        ...{ event: 'refused', path: c.req.path, reason: error.reason },
      })
      return answer(error)
    }
    // A client that closed only its sending side still reads this answer; others have left.
    if (error === LEFT || c.req.raw.signal.aborted) {
      const message =
        'Cannot answer: you closed your end; keep the connection open until the answer'
      return answer(new ApiError('invalid_input', message))
    }
    log(`fault: ${error.stack ?? error.message}`, 'error', { event: 'fault', path: c.req.path })
    return answer(new ApiError('internal', 'Cannot answer: a fault in the coordinator'))
  })
  app.notFound(notFound(app))

  const inferParts = { pool, bodies, history, now, log, peers, schemas: options.schemas }
  app.post('/v1/pipelines/:name/infer', (c) => {
    const name = c.req.param('name')
    return asksForStream(c.req.raw.headers, versions.find(name)?.pipeline)
      ? inferStream(c, name, inferParts)
      : infer(c, name, inferParts)
  })

  app.get('/v1/pipelines', (c) => c.json({ pipelines: versions.current().map(infoOf) }))
  app.get('/v1/nodes', (c) => c.json({ nodes: pool.nodes() }))
  app.get('/v1/plan', (c) => c.json(pool.plan()))
  app.get('/v1/history', (c) => c.json(history.read()))
  const events = createEvents(pool, history, now)
  app.get('/v1/stats', (c) => {
    const uptimeMs = Math.round(now() - startedMs)
    const counts = withEnergy(pool.stats(), pool.energy())
    return c.json<StatsInfo>({ uptimeMs, listeners: events.listeners, ...counts })
  })
  app.get('/v1/events', (c) => events.listen(c, (shut) => access.watch(c, 'admin', shut)))

  mountOip(app, inferParts)
  mountOpenAi(app, inferParts)
  if (options.jobs !== undefined) {
    const { jobs, nearWebhooks = false } = options
    mountJobs(app, { pool, jobs, bodies, access, now, nearWebhooks })
    mountBatches(app, { pool, jobs, access, now })
    jobs.start(createBatchApi(inferParts))
  }
  mountLiteparse(app, inferParts)
  const { cutter } = options
  const uploads = options.jobs && uploadsIn(options.jobs, access)
  mountMistral(app, { ...inferParts, hosts, cutter, uploads })
  mountAdmin(app, pool, access, hosts, now, options.reload)
  mountDocs(app)
  const readJobs = options.jobs && (() => options.jobs!.reading())
  const metrics = createMetrics(pool, readJobs)
  if (pool.otel !== undefined) exportMetrics(pool.otel, pool, readJobs)
  app.get('/metrics', async (c) => {
    const { text, type } = await metrics()
    return c.body(text, 200, { 'content-type': type })
  })

  if (assets !== undefined) mountPages(app, assets, options.embedders)

  app.get(`${MODEL_PATH}:sha256`, async (c) => {
    const model = versions.model(c.req.param('sha256'))
    const forEver = {
      'cache-control': 'public, max-age=31536000, immutable',
      etag: `"${model?.sha256}"`,
    }
    if (model !== undefined && c.req.header('if-none-match')?.includes(forEver.etag)) {
      return c.body(null, 304, forEver)
    }
    const body = model && (wantsBody(c) ? await readModel(model.sha256) : '')
    if (model === undefined || body === undefined) {
      throw new ApiError('not_found', 'Cannot find a model of this hash')
    }
    return c.body(body as ReadableStream, 200, {
      'content-type': 'application/octet-stream',
      'content-length': String(model.bytes),
      ...forEver,
    })
  })

  app.get('/code/:file', async (c) => {
    const [, hash = ''] = /^([0-9a-f]{64})\.js$/.exec(c.req.param('file')) ?? []
    const model = versions.program(hash)
    const body = model && (wantsBody(c) ? await readModel(model.sha256) : '')
    if (model === undefined || body === undefined) {
      throw new ApiError('not_found', 'Cannot find a program of this hash')
    }
    return c.body(body as ReadableStream, 200, {
      ...pageHeaders(hostOf(c.req)),
      'content-type': 'text/javascript; charset=utf-8',
      'content-length': String(model.bytes),
      'cache-control': 'public, max-age=31536000, immutable',
    })
  })

  mountLink(app, { pool, access, hosts, assets, log, now })
  return app
}

const infos = new WeakMap<ServedPipeline, PipelineInfo>()

function infoOf(served: ServedPipeline): PipelineInfo {
  let info = infos.get(served)
  if (info === undefined) infos.set(served, info = pipelineInfo(served))
  return info
}

function pipelineInfo({ pipeline, models }: ServedPipeline): PipelineInfo {
  const accuracy = pathAccuracyOf(pipeline)
  const { name, sloMs, weight, root } = pipeline
  return {
    ...{ name: publicName(name), version: versionOf(name), sloMs, weight, root },
    takes: takesText(pipeline)
      ? 'text'
      : queryTensors(pipeline) !== undefined
      ? 'tensors'
      : takesDocument(pipeline)
      ? 'document'
      : 'picture',
    generates: generatingTask(pipeline) !== undefined,
    tasks: Object.fromEntries(
      Object.entries(pipeline.tasks).map(([task, { next, variants }]) => [task, {
        next,
        variants: Object.fromEntries(
          Object.entries(variants).map(([variant, { accuracy, fanOut, model }]) => [variant, {
            accuracy,
            ...(fanOut === undefined ? {} : { fanOut }),
            ...modelInfo(models[model ?? '']),
          }]),
        ),
      }]),
    ),
    bestAccuracy: Math.max(
      ...variantPaths(pipeline).map(({ tasks, variants }) => accuracy(tasks, variants)),
    ),
  }
}

const modelInfo = (model: ServedModel | undefined) =>
  model === undefined ? {} : { model: { sha256: model.sha256, bytes: model.bytes } }
