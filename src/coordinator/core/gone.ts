/**
 * Whether the client that sent a request is still there.
 *
 * @module
 */
import type { Context } from 'hono'

/** Who closed their end of a connection, where the machine tells it. */
export interface Peers {
  /** Has `left` called once the other end is closed; what it returns calls that off. */
  watch(peer: Deno.NetAddr, left: () => void): () => void
}

/** Has its argument told, once and why, when the client goes away; what it returns calls that off. */
export type Gone = (left: (why: unknown) => void) => () => void

/** Why a query ends whose client closed its connection. */
export const LEFT = new DOMException('The client closed its connection', 'AbortError')

/** Where a signal tells that nothing more is wanted. */
export const goneWith = (signal: AbortSignal): Gone => (left) => {
  const leave = () => left(signal.reason)
  if (signal.aborted) leave()
  else signal.addEventListener('abort', leave, { once: true })
  return () => signal.removeEventListener('abort', leave)
}

/**
 * Asked only of those that wait: Deno's signal costs a fifth of a small query, with an exception made
 * as each request ends. Of HTTP/1.1 it is silent where a request did not come in one small piece, as
 * no picture does (2.8.3 and later), so that `peers` are asked, too.
 */
export function goneOf(c: Context, peers: Peers | undefined): Gone {
  const request = c.req.raw
  // HTTP/2, which browsers speak over TLS, does not tell late who left before.
  const early = request.url.startsWith('https:') ? request.signal : undefined
  return (left) => {
    const unlisten = goneWith(early ?? request.signal)(left)
    const { remoteAddr } = (c.env ?? {}) as { remoteAddr?: Deno.Addr }
    const unwatch = remoteAddr?.transport === 'tcp'
      ? peers?.watch(remoteAddr, () => left(LEFT))
      : undefined
    return () => {
      unlisten()
      unwatch?.()
    }
  }
}
