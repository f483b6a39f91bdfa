/**
 * A TCP proxy on this machine that can fall silent: connections stay open, nothing goes through.
 *
 * @module
 */
export interface Proxy {
  url: string
  /** Drops all that comes on the connections of now, both ways; new ones are forwarded. */
  freeze(): void
  close(): void
}

export function startProxy(target: URL): Proxy {
  const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 })
  const conns = new Set<Deno.Conn>()
  let generation = 0

  async function pipe(from: Deno.Conn, to: Deno.Conn, born: number): Promise<void> {
    const buffer = new Uint8Array(64 * 1024)
    for (;;) {
      const size = await from.read(buffer).catch(() => null)
      // A half-open connection does not tell the one side that the other is gone.
      if (born < generation) {
        if (size === null) return
        continue
      }
      if (size === null) break
      for (let at = 0; at < size;) {
        const written = await to.write(buffer.subarray(at, size)).catch(() => null)
        if (written === null) break
        at += written
      }
    }
    for (const conn of [from, to]) close(conn)
  }

  function close(conn: Deno.Conn): void {
    if (!conns.delete(conn)) return
    conn.close()
  }

  async function accept(): Promise<void> {
    for await (const near of listener) {
      const far = await Deno.connect({ hostname: '127.0.0.1', port: Number(target.port) })
      near.setNoDelay(true)
      far.setNoDelay(true)
      conns.add(near).add(far)
      void pipe(near, far, generation)
      void pipe(far, near, generation)
    }
  }
  accept().catch(() => {})

  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    freeze() {
      generation++
    },
    close() {
      listener.close()
      for (const conn of [...conns]) close(conn)
    },
  }
}
