/**
 * A server that goes on listening: where no descriptor is left, accepting a connection fails, and
 * Deno accepts no other for as long as the process lives.
 *
 * @module
 */
import type { Log } from '../../coordinator/core/log.ts'

/** Until it is tried again: connections that end give descriptors back. */
const RETRY_MS = 500

export interface Listening {
  port: number
  /** Takes no more connections; resolves once those that are there have ended. */
  shutdown(): Promise<void>
}

type Options = Deno.ServeTcpOptions & Partial<Deno.TlsCertifiedKeyPem>

/**
 * Connections that are open when accepting fails are served on.
 *
 * @throws Deno.errors.AddrInUse when the port is taken
 */
export function listen(
  options: Options,
  handler: Deno.ServeHandler<Deno.NetAddr>,
  log: Log,
): Listening {
  const serve = (port: number | undefined) => {
    const server = Deno.serve({ ...options, port, onListen: () => {} } as Options, handler)
    server.finished.catch(again)
    return server
  }
  let retry: ReturnType<typeof setTimeout> | undefined
  let closing = false

  function again(error: Error): void {
    if (closing) return
    log(
      `cannot take connections on port ${port}: ${error.message}: listening anew`,
      ...['error', { event: 'listening_anew', port }] as const,
    )
    retry = setTimeout(() => {
      try {
        server = serve(port)
      } catch (error) {
        again(error as Error)
      }
    }, RETRY_MS)
  }

  let server = serve(options.port)
  const { port } = server.addr
  return {
    port,
    shutdown() {
      closing = true
      clearTimeout(retry)
      return server.shutdown()
    },
  }
}
