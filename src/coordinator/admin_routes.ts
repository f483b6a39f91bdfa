/**
 * `POST /v1/nodes/{id}/drain`, `pause`, `resume`, `DELETE /v1/nodes/{id}`, and
 * `POST /v1/pipelines/{name}/variants/{task}/{variant}/pin`, `forbid`, `allow`.
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

export function mountAdmin(app: Hono, pool: Pool, hosts: readonly string[]): void {
  const local: MiddlewareHandler = async (c, next) => {
    if (!isLocal(c)) {
      throw new ApiError(
        'forbidden',
        'Cannot change the pool from here: ask from loopback, directly',
      )
    }
    if (!isOwnPage(c)) {
      throw new ApiError('forbidden', 'Cannot change the pool from a page of another origin')
    }
    await next()
  }
  const isOwnPage = (c: Context) => mayLink(c.req.header('origin'), hostOf(c.req), hosts)
  const { admin, rulings } = pool

  // For pages: whether to show what would be refused.
  app.get('/v1/admin', (c) => c.json({ allowed: isLocal(c) && isOwnPage(c) }))

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
  for (const action of ['pin', 'forbid', 'allow'] as const) {
    app.post(`/v1/pipelines/:name/variants/:task/:variant/${action}`, local, (c) => {
      const { name: pipeline, task, variant } = c.req.param()
      rulings.change(action, { pipeline, task, variant })
      return c.json({ rulings: rulings.list() })
    })
  }
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
