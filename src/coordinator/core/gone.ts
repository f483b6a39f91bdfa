/**
 * Watches for clients that leave before their answer.
 *
 * @module
 */
import type { Context } from 'hono'

/** Watches the other ends of connections, where the operating system shows their state. */
export interface Peers {
  /** Calls `left` once the other end is closed; returns a function that ends the watch. */
  watch(peer: Deno.NetAddr, left: () => void): () => void
}

/**
 * Calls its argument once, with the reason, when the client leaves; returns the end of the watch.
 */
export type Gone = (left: (why: unknown) => void) => () => void

/** The reason of a query that ends because its client closed the connection. */
export const LEFT = new DOMException('The client closed its connection', 'AbortError')

/** The watch of a client whose leaving is a signal. */
export const goneWith = (signal: AbortSignal): Gone => (left) => {
  const leave = () => left(signal.reason)
  if (signal.aborted) leave()
  else signal.addEventListener('abort', leave, { once: true })
  return () => signal.removeEventListener('abort', leave)
}

/**
 * The watch of a request's client. Used only for queries that wait: Deno's signal makes an
 * exception as each request ends, and costs a fifth of a small query. For HTTP/1.1 it stays silent
 * where a request did not come in one small piece, as no picture does (2.8.3 and later): there
 * `peers` watch, too.
 */
export function goneOf(c: Context, peers: Peers | undefined): Gone {
  const request = c.req.raw
  // The signal of HTTP/2, which browsers use over TLS, is taken early: later it may miss the event.
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
