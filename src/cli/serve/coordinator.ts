/**
 * A coordinator on a port: pipelines, scheduler, pool and routes put together.
 *
 * @module
 */
import type { Reloaded } from '../../coordinator/apis/v1/admin_routes.ts'
import { createCutter } from '../../coordinator/apis/adapters/cutter.ts'
import { createApp } from '../../coordinator/app.ts'
import { createBodyReader } from '../../coordinator/apis/bodies/reader.ts'
import { createSchemaReader } from '../../coordinator/apis/generate/schema_reader.ts'
import type { AccessLimits } from '../../coordinator/http/access/access.ts'
import { createIdentities } from '../../coordinator/nodes/identities.ts'
import { createKeyring, type Keyring } from '../../coordinator/core/keys.ts'
import type { Log } from '../../coordinator/core/log.ts'
import { gathered } from '../../coordinator/queries/gathered.ts'
import { fitsOn } from '../../coordinator/nodes/nodes.ts'
import type { Assets } from '../../coordinator/http/pages.ts'
import type { Payload } from '../../coordinator/nodes/payload.ts'
import { createPlanner } from '../../coordinator/scheduler/planner.ts'
import { createPool, type Pool, type PoolOptions } from '../../coordinator/pool/pool.ts'
import type { Prefer } from '../../policy/core/elastic.ts'
import type { TrustOptions } from '../../policy/core/options.ts'
import { createPolicy } from '../../peers/policies.ts'
import type { Scheduler } from '../../policy/core/types.ts'
import type { LoadedPipeline } from '../pipelines/load.ts'
import { NOTE_USE_MS, noteUse } from '../pipelines/trim_store.ts'
import { within } from '../within.ts'
import { createDocuments, type JobsSetting, keepJobs } from './jobs.ts'
import { listen } from './listen.ts'
import { bracketed, isAny, ownHosts } from './own_hosts.ts'
import { createPeers } from './peers.ts'
import { rehearse, type Samples } from './rehearse.ts'
import { createReloader } from './reload.ts'
import type { Trust } from './trust.ts'
import { keepIn, readStore } from './store.ts'

export interface CoordinatorOptions {
  pipelines: readonly LoadedPipeline[]
  host?: string
  /** 0 takes any free one. */
  port?: number
  log?: Log
  link?: PoolOptions['link']
  /** Rules to plan and route by, one of `POLICY_NAMES`. */
  policy?: string
  /** What the pool is run for where a pipeline does not say. */
  prefer?: Prefer
  /** Has what nodes say checked. */
  trust?: TrustOptions & Partial<Trust>
  /** Nodes that need no checking. */
  isOwn?: PoolOptions['isOwn']
  /** The worker that judges, and who is told that there is somebody to judge. */
  isAuditor?: PoolOptions['isAuditor']
  strangerJoined?: PoolOptions['strangerJoined']
  /** Has late batches begun once more where a slot is idle. */
  hedge?: boolean
  /** File that keeps what is learned over restarts; none where absent. */
  store?: string
  jobs?: JobsSetting
  /** Webhooks of jobs may go to private addresses, whoever asks for them. */
  nearWebhooks?: boolean
  /** What stands between the pool and its scheduler, for those who watch. */
  wrap?: (scheduler: Scheduler) => Scheduler
  /** Pages and scripts to serve; `buildAssets` makes them. */
  assets?: Assets
  /** Samples asked before the first query; none if absent. */
  samples?: Samples
  /** Names, besides this machine's own addresses, under which browsers may reach it. */
  allowHosts?: readonly string[]
  /** Keys that calls and nodes are asked for; none where absent. */
  keyring?: Keyring
  /** Origins of applications that may ask from a browser. */
  allowOrigins?: readonly string[]
  /** Origins of pages that may show the join page in a frame. */
  allowEmbeds?: readonly string[]
  /** Rates that calls are held to. */
  limits?: Partial<AccessLimits>
  /** What a collector is told by; `loadOtel` has it where one is to be told. */
  otel?: PoolOptions['otel']
  /** Certificate and key, as PEM, to serve `https` with. */
  tls?: { cert: string; key: string }
}

export interface Coordinator {
  /** Where to reach it from this machine, as `http://localhost:8787`. */
  url: string
  /** The URL at which processes of this machine reach it, under any certificate. */
  localUrl: string
  pool: Pool
  /** Reads a pipeline's folder anew and serves what is there. @throws ApiError with what is wrong */
  reload(name: string): Promise<Reloaded>
  /** Answers what is inside, lets nodes go, frees the port. */
  close(timeoutMs?: number): Promise<void>
}

/** Longest wait for what is inside, whose deadlines may be far: whoever asked to stop waits, too. */
const DRAIN_MS = 30_000

/**
 * Longest wait for connections to end once serving is over. Deno counts a WebSocket that broke off
 * while it opened as open for ever.
 */
const SHUTDOWN_MS = 2000

/** Demand of each pipeline that rules which plan ahead of the first query plan for. */
const FIRST_PER_S = 1

/**
 * @throws Deno.errors.AddrInUse when the port is taken
 * @throws RangeError for a policy that there is not
 */
export function startCoordinator(options: CoordinatorOptions): Coordinator {
  const { pipelines, host = '127.0.0.1', port = 8787, log = () => {}, link, assets, tls } = options
  const now = () => performance.now()
  const { wrap = (plain) => plain, keyring = createKeyring() } = options
  const plain = pipelines.map(({ pipeline }) => pipeline)
  const name = options.policy ?? 'shoal'
  const remembered = options.store === undefined ? undefined : readStore(options.store, log)
  const identities = createIdentities(remembered?.secrets)
  const policy = createPolicy(name, {
    pipelines: plain,
    // Shoal begins with nothing and learns from the first queries.
    initialRatePerS: name === 'shoal'
      ? {}
      : Object.fromEntries(plain.map(({ name }) => [name, FIRST_PER_S])),
    random: Math.random,
    ...options.trust === undefined ? {} : {
      trust: { ...options.trust, audited: options.isAuditor !== undefined },
    },
    ...remembered === undefined ? {} : { memory: remembered },
    ...options.hedge === undefined ? {} : { hedge: options.hedge },
    ...options.prefer === undefined ? {} : { prefer: options.prefer },
    fits: (payload, node) => fitsOn(pool.node(node), payload as Payload),
    gather: gathered,
  })
  const planner = createPlanner(() =>
    new Worker(new URL('../../../workers/planner.ts', import.meta.url), { type: 'module' })
  )
  const scheduler = wrap(policy.scheduler)
  const { samples } = options
  const pool: Pool = createPool({
    served: pipelines,
    scheduler,
    solve: policy.elsewhere === undefined ? planner.solve : planner.solveFor(policy.elsewhere),
    now,
    log,
    keyring,
    identities,
    checked: options.trust !== undefined && name === 'shoal',
    ...(link === undefined ? {} : { link }),
    ...samples === undefined
      ? {}
      : { rehearse: (pipeline) => rehearse(pool, samples, pipeline, now) },
    ...(options.otel === undefined ? {} : { otel: options.otel }),
    ...(options.isOwn === undefined ? {} : { isOwn: options.isOwn }),
    ...(options.isAuditor === undefined ? {} : { isAuditor: options.isAuditor }),
    ...(options.strangerJoined === undefined ? {} : { strangerJoined: options.strangerJoined }),
  })
  options.trust?.follow?.((name) =>
    pool.versions.all().find(({ pipeline }) => pipeline.name === name)?.pipeline
  )
  const { memory } = policy
  const keeper = options.store === undefined || memory === undefined
    ? undefined
    : keepIn(options.store, () => ({ ...memory(), secrets: identities.news() }), log)
  const files = new Map<string, string>()
  const loaded = ({ models }: LoadedPipeline) => {
    for (const { sha256, file } of Object.values(models)) files.set(sha256, file)
  }
  pipelines.forEach(loaded)
  const reload = createReloader({
    pool,
    log,
    pipelines,
    loaded,
    policy: name,
    renews: policy.renews ?? false,
  })
  const peers = createPeers(() => [server.port, ...inner === undefined ? [] : [inner.port]])
  const bodies = createBodyReader({
    now,
    deadlines: pool.deadlines,
    createWorker: () =>
      new Worker(new URL('../../../workers/bodies.ts', import.meta.url), { type: 'module' }),
  })
  const schemas = createSchemaReader({
    now,
    deadlines: pool.deadlines,
    createWorker: () =>
      new Worker(new URL('../../../workers/schemas.ts', import.meta.url), { type: 'module' }),
  })
  const jobs = keepJobs(options.store, { pool, now, log }, options.jobs ?? {})
  const cutter = createCutter({
    createWorker: options.jobs?.createDocuments ?? createDocuments,
    deadlines: pool.deadlines,
    now,
  })
  const app = createApp({
    pool,
    reload,
    peers,
    bodies,
    schemas,
    jobs: jobs.jobs,
    cutter,
    nearWebhooks: options.nearWebhooks ?? false,
    readModel: async (sha256) => {
      const file = files.get(sha256)
      return file === undefined ? undefined : (await Deno.open(file)).readable
    },
    now,
    log,
    hosts: [...ownHosts(host), ...options.allowHosts ?? []],
    keyring,
    origins: options.allowOrigins ?? [],
    embedders: options.allowEmbeds ?? [],
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(assets === undefined ? {} : { assets }),
  })
  const server = listen({ hostname: host, port, ...tls }, app.fetch, log)
  // A certificate is for the names that others use; nodes beside us need none.
  const inner = tls && listen({ hostname: '127.0.0.1', port: 0 }, app.fetch, log)
  const inUse = setInterval(() => {
    const served = pool.versions.all().flatMap(({ models }) => Object.values(models))
    void noteUse(served.flatMap(({ sha256 }) => files.get(sha256) ?? []))
  }, NOTE_USE_MS)
  // Not every machine has that name lead to its address of IPv6, too.
  const shown = isAny(host) || host === '127.0.0.1' ? 'localhost' : bracketed(host)
  const url = `${tls === undefined ? 'http' : 'https'}://${shown}:${server.port}`
  return {
    url,
    localUrl: inner === undefined ? url : `http://127.0.0.1:${inner.port}`,
    pool,
    reload,
    async close(timeoutMs = DRAIN_MS) {
      await pool.drain(timeoutMs)
      await jobs.close()
      await keeper?.close()
      planner.stop()
      bodies.stop()
      schemas.stop()
      options.trust?.stop?.()
      clearInterval(inUse)
      await peers.close()
      await within(SHUTDOWN_MS, Promise.all([server.shutdown(), inner?.shutdown()]))
    },
  }
}
