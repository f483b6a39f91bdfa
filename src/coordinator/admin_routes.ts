/**
 * `POST /v1/nodes/{id}/drain`, `pause`, `resume`, `DELETE /v1/nodes/{id}`, and
 * `POST /v1/pipelines/{name}/reload`.
 *
 * While there are no tokens these are for whoever sits at this machine: only a connection from
 * loopback gets in, none that came through a proxy, and no page but this coordinator's own.
 *
 * @module
 */
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { ApiError } from './api_error.ts'
import { hostOf, mayLink } from './origin.ts'
import type { Pool } from './pool.ts'

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/
/** What proxies add: the connection's other end is then not who asks. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']

/** What became of a pipeline that was read anew. */
export interface Reloaded {
  pipeline: string
  version: number
  /** False where its folder holds what is served already. */
  changed: boolean
}

export function mountAdmin(
  app: Hono,
  pool: Pool,
  hosts: readonly string[],
  reload?: (name: string) => Promise<Reloaded>,
): void {
  const local: MiddlewareHandler = async (c, next) => {
    if (!isLocal(c)) {
      throw new ApiError(
        'forbidden',
        'Cannot change anything from here: ask from loopback, directly',
      )
    }
    if (!mayLink(c.req.header('origin'), hostOf(c.req), hosts)) {
      throw new ApiError('forbidden', 'Cannot change anything from a page of another origin')
    }
    await next()
  }
  const { admin } = pool

  app.post('/v1/nodes/:id/drain', local, (c) => {
    const id = c.req.param('id')
    admin.drain(id)
    return c.json(nodeOf(pool, id), 202)
  })
  for (const action of ['pause', 'resume'] as const) {
    app.post(`/v1/nodes/:id/${action}`, local, (c) => {
      const id = c.req.param('id')
      admin[action](id)
      return c.json(nodeOf(pool, id))
    })
  }
  app.post('/v1/pipelines/:name/reload', local, async (c) => {
    const name = c.req.param('name')
    if (reload === undefined || pool.versions.find(name) === undefined) {
      throw new ApiError(
        'unknown_pipeline',
        `Cannot reload ${name}: it is not served from a folder`,
      )
    }
    return c.json(await reload(name))
  })
  app.delete('/v1/nodes/:id', local, (c) => {
    admin.remove(c.req.param('id'))
    return c.body(null, 204)
  })
}

/** `node` is null where it is away and was only let in again. */
const nodeOf = (pool: Pool, id: string) => ({
  node: pool.nodes().find((node) => node.id === id) ?? null,
})

/** The connection's other end, as `Deno.serve` tells it; without a socket nobody is local. */
function isLocal(c: Context): boolean {
  const { remoteAddr } = (c.env ?? {}) as { remoteAddr?: Deno.Addr }
  if (remoteAddr?.transport !== 'tcp' || !LOOPBACK.test(remoteAddr.hostname)) return false
  return FORWARDED.every((name) => c.req.header(name) === undefined)
}
