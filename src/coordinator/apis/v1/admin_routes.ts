/**
 * `POST /v1/nodes/{id}/drain`, `pause`, `resume`, `scale`, `DELETE /v1/nodes/{id}`,
 * `POST /v1/pipelines/{name}/reload`, and
 * `POST /v1/pipelines/{name}/variants/{task}/{variant}/pin`, `forbid`, `allow`: for admins, and for
 * no page but this coordinator's own.
 *
 * @module
 */
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { ApiError } from '../../core/api_error.ts'
import type { Access } from '../../http/access/access.ts'
import { leftAddress } from '../../http/access/caller.ts'
import { readBody } from '../../http/bodies/body.ts'
import { hostOf, mayLink } from '../../http/origin.ts'
import type { Pool } from '../../pool/pool.ts'
import { readScaleRequest } from './scale_request.ts'

/** Time for a body of two numbers. */
const BODY_MS = 5000

/** The result of reading a pipeline anew. */
export interface Reloaded {
  pipeline: string
  version: number
  /** False where its folder has the served version. */
  changed: boolean
}

export function mountAdmin(
  app: Hono,
  pool: Pool,
  access: Access,
  hosts: readonly string[],
  now: () => number,
  reload?: (name: string) => Promise<Reloaded>,
): void {
  const own: MiddlewareHandler = async (c, next) => {
    if (!isOwnPage(c)) {
      throw new ApiError('forbidden', 'Cannot change the pool from a page of another origin')
    }
    await next()
  }
  const isOwnPage = (c: Context) => mayLink(c.req.header('origin'), hostOf(c.req), hosts)
  const { admin, rulings } = pool

  // Pages show admin controls only where calls would be accepted.
  app.get('/v1/admin', (c) => c.json({ allowed: access.allows(c, 'admin') && isOwnPage(c) }))

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
  app.post('/v1/nodes/:id/scale', own, async (c) => {
    const id = c.req.param('id')
    const { deadlines, draining } = pool
    const nowMs = now()
    const options = { address: leftAddress(c), draining }
    const body = await readBody(c.req.raw, deadlines, nowMs, nowMs + BODY_MS, options)
    admin.scale(id, readScaleRequest(body))
    return c.json(nodeOf(pool, id), 202)
  })
  app.post('/v1/pipelines/:name/reload', own, async (c) => {
    const name = c.req.param('name')
    if (reload === undefined || pool.versions.find(name) === undefined) {
      throw new ApiError(
        'unknown_pipeline',
        `Cannot reload ${name}: it is not served from a folder`,
      )
    }
    return c.json(await reload(name))
  })
  for (const action of ['pin', 'forbid', 'allow'] as const) {
    app.post(`/v1/pipelines/:name/variants/:task/:variant/${action}`, own, (c) => {
      const { name: pipeline, task, variant } = c.req.param()
      rulings.change(action, { pipeline, task, variant })
      return c.json({ rulings: rulings.list() })
    })
  }
  app.delete('/v1/nodes/:id', own, (c) => {
    admin.remove(c.req.param('id'))
    return c.body(null, 204)
  })
}

/** A node after a change; null where it is away, and may only join again. */
const nodeOf = (pool: Pool, id: string) => ({
  node: pool.nodes().find((node) => node.id === id) ?? null,
})
