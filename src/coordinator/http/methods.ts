/**
 * The answer to a call without a route: which methods its path takes, if any.
 *
 * @module
 */
import type { Context, Hono, NotFoundHandler } from 'hono'
import { RegExpRouter } from 'hono/router/reg-exp-router'
import { ApiError } from '../core/api_error.ts'

/** Characters of a path that an error repeats: the caller chose them. */
const MAX_PATH = 200
const EVERY = 'ALL'

/** @param app all its routes have to be mounted by the first call without a route */
export function notFound(app: Hono): NotFoundHandler {
  let router: RegExpRouter<true> | undefined
  let methods: string[] = []

  function open(): RegExpRouter<true> {
    const router = new RegExpRouter<true>()
    // Handlers for every method are middleware: they answer nothing.
    const routes = app.routes.filter(({ method }) => method !== EVERY)
    for (const { method, path } of routes) router.add(method, path, true)
    methods = [...new Set(routes.map(({ method }) => method))]
    return router
  }

  return (c: Context) => {
    router ??= open()
    const { method, path } = c.req
    const what = `${method} ${path.slice(0, MAX_PATH)}`
    const taken = methods.filter((one) => router!.match(one, path)[0].length > 0)
    if (taken.length === 0) return new ApiError('not_found', `Cannot find ${what}`).toResponse()
    const response = new ApiError(
      'method_not_allowed',
      `Cannot take ${what}: it is asked with ${taken.join(' or ')}`,
    ).toResponse()
    response.headers.set('allow', [...taken, ...taken.includes('GET') ? ['HEAD'] : []].join(', '))
    return response
  }
}
