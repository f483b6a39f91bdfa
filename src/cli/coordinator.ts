/**
 * A coordinator on a port: pipelines, scheduler, pool and routes put together.
 *
 * @module
 */
import { createApp } from '../coordinator/app.ts'
import { createPool, type Pool, type PoolOptions } from '../coordinator/pool.ts'
import { createScheduler } from '../policy/scheduler.ts'
import type { LoadedPipeline } from './load_pipelines.ts'

export interface CoordinatorOptions {
  pipelines: readonly LoadedPipeline[]
  host?: string
  /** 0 takes any free one. */
  port?: number
  log?: (line: string) => void
  link?: PoolOptions['link']
}

export interface Coordinator {
  /** Where to reach it from this machine, as `http://localhost:8787`. */
  url: string
  pool: Pool
  /** Answers what is inside, lets nodes go, frees the port. */
  close(timeoutMs?: number): Promise<void>
}

/**
 * @throws Deno.errors.AddrInUse when the port is taken
 */
export function startCoordinator(options: CoordinatorOptions): Coordinator {
  const { pipelines, host = '127.0.0.1', port = 8787, log = () => {}, link } = options
  const now = () => performance.now()
  const scheduler = createScheduler({ pipelines: pipelines.map(({ pipeline }) => pipeline) })
  const pool = createPool({
    served: pipelines,
    scheduler,
    now,
    log,
    ...(link === undefined ? {} : { link }),
  })
  const files = new Map(
    pipelines.flatMap(({ models }) => Object.values(models))
      .map(({ sha256, file }) => [sha256, file]),
  )
  const app = createApp({
    pool,
    served: pipelines,
    readModel: async (sha256) => {
      const file = files.get(sha256)
      return file === undefined ? undefined : (await Deno.open(file)).readable
    },
    now,
    log,
    hosts: [host],
  })
  const server = Deno.serve({ hostname: host, port, onListen: () => {} }, app.fetch)
  const shown = ['127.0.0.1', '0.0.0.0', '::', '::1'].includes(host) ? 'localhost' : host
  return {
    url: `http://${shown}:${server.addr.port}`,
    pool,
    async close(timeoutMs = 10_000) {
      await pool.drain(timeoutMs)
      await server.shutdown()
    },
  }
}
