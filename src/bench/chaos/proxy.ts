/**
 * A TCP proxy on this machine whose connections can be cut, or left open with nothing coming through.
 * @module
 */
export type LinkProxy = ReturnType<typeof startLinkProxy>

export function startLinkProxy(target: URL) {
  const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 })
  const conns = new Set<Deno.Conn>()
  const frozen = new WeakSet<Deno.Conn>()

  function end(conn: Deno.Conn): void {
    if (!conns.delete(conn)) return
    try {
      conn.close()
    } catch {
      // Gone by itself.
    }
  }

  async function pipe(from: Deno.Conn, to: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024)
    for (;;) {
      const size = await from.read(buffer).catch(() => null)
      if (frozen.has(from)) {
        // The other side must not learn that this one is gone.
        if (size === null) return
        continue
      }
      if (size === null) break
      let at = 0
      while (at < size) {
        const written = await to.write(buffer.subarray(at, size)).catch(() => 0)
        if (written === 0) break
        at += written
      }
      if (at < size) break
    }
    end(from)
    end(to)
  }

  async function accept(): Promise<void> {
    for await (const near of listener) {
      try {
        const far = await Deno.connect({ hostname: '127.0.0.1', port: Number(target.port) })
        near.setNoDelay(true)
        far.setNoDelay(true)
        conns.add(near).add(far)
        void pipe(near, far)
        void pipe(far, near)
      } catch {
        near.close()
      }
    }
  }
  accept().catch(() => {})

  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    /** Ends all connections of now; new ones are taken. */
    cut() {
      for (const conn of [...conns]) end(conn)
    },
    /** All that comes on the connections of now is lost; new ones are taken. */
    freeze() {
      for (const conn of conns) frozen.add(conn)
    },
    close() {
      listener.close()
      for (const conn of [...conns]) end(conn)
    },
  }
}
