/**
 * `/openapi.json`, and `/docs`: the same document as HTML for people, without a script.
 *
 * @module
 */
import type { Hono } from 'hono'
import { hostOf } from '../../http/origin.ts'
import { pageHeaders } from '../../http/pages.ts'
import { SERVER } from '../oip/routes.ts'
import { openApiDocument } from './document.ts'
import { docsPage } from './page.ts'
import { STYLE } from './style.ts'

export function mountDocs(app: Hono): void {
  // Made at the first call, then kept: it does not change.
  let document: ReturnType<typeof openApiDocument> | undefined
  const read = () => document ??= openApiDocument(SERVER.version)
  let page: string | undefined
  app.get('/openapi.json', (c) => c.json(read()))
  app.get('/docs', (c) => {
    page ??= docsPage(read())
    return c.html(page, 200, pageHeaders(hostOf(c.req)))
  })
  app.get(
    '/docs/style.css',
    (c) =>
      c.body(STYLE, 200, {
        'content-type': 'text/css; charset=utf-8',
        'cache-control': 'no-cache',
      }),
  )
}
