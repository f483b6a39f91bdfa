/**
 * Whether the client that sent a request is still there.
 *
 * @module
 */

/**
 * What gives the signal that is aborted when the client goes away. Its making is left for those that
 * wait: Deno's costs a fifth of a small query, with an exception made as each request ends.
 */
export function goneOf(request: Request): () => AbortSignal {
  // HTTP/2, which browsers speak over TLS, does not tell late who left before.
  if (!request.url.startsWith('https:')) return () => request.signal
  const { signal } = request
  return () => signal
}
