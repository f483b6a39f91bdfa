/**
 * `POST /v1/nodes/{id}/drain`, `pause`, `resume` and `DELETE /v1/nodes/{id}`: for admins, and for no
 * page but this coordinator's own.
 *
 * @module
 */
import type { Hono, MiddlewareHandler } from 'hono'
import { ApiError } from './api_error.ts'
import { hostOf, mayLink } from './origin.ts'
import type { Pool } from './pool.ts'

export function mountAdmin(app: Hono, pool: Pool, hosts: readonly string[]): void {
  const own: MiddlewareHandler = async (c, next) => {
    if (!mayLink(c.req.header('origin'), hostOf(c.req), hosts)) {
      throw new ApiError('forbidden', 'Cannot change nodes from a page of another origin')
    }
    await next()
  }
  const { admin } = pool

  app.post('/v1/nodes/:id/drain', own, (c) => {
    const id = c.req.param('id')
    admin.drain(id)
    return c.json(nodeOf(pool, id), 202)
  })
  for (const action of ['pause', 'resume'] as const) {
    app.post(`/v1/nodes/:id/${action}`, own, (c) => {
      const id = c.req.param('id')
      admin[action](id)
      return c.json(nodeOf(pool, id))
    })
  }
  app.delete('/v1/nodes/:id', own, (c) => {
    admin.remove(c.req.param('id'))
    return c.body(null, 204)
  })
}

/** `node` is null where it is away and was only let in again. */
const nodeOf = (pool: Pool, id: string) => ({
  node: pool.nodes().find((node) => node.id === id) ?? null,
})
