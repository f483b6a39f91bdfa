/** A coordinator of a few lines for tests of the client, and what those look at. */
import assert from 'node:assert/strict'
import { ShoalError } from '../../src/client/mod.ts'

type Handler = (request: Request, tries: number) => Response | Promise<Response>

/** A server that answers as a coordinator might, and counts. */
export async function withServer(
  handler: Handler,
  test: (url: string, seen: Headers[]) => Promise<void>,
): Promise<void> {
  const seen: Headers[] = []
  const server = Deno.serve({ port: 0, hostname: '127.0.0.1', onListen() {} }, (request) => {
    seen.push(new Headers(request.headers))
    return handler(request, seen.length)
  })
  try {
    await test(`http://127.0.0.1:${server.addr.port}`, seen)
  } finally {
    await server.shutdown()
  }
}

export const refusal = (status: number, reason: string, retryAfter?: string): Response =>
  Response.json({ error: `Cannot: ${reason}`, reason }, {
    status,
    headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
  })
export const timeoutOf = (headers?: Headers): number => Number(headers?.get('x-request-timeout-ms'))

export async function failure(work: Promise<unknown>): Promise<ShoalError> {
  const error = await work.then(() => assert.fail('it got a result'), (error) => error)
  assert.ok(error instanceof ShoalError, String(error))
  return error
}
