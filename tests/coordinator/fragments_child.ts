/**
 * For `fragments_test.ts`, run with `--expose-gc`: links that are closed amid fragments, whose other
 * side ignores it. Prints bytes outside the heap: before, with the fragments, and after.
 */
import { createFragmentRoom } from '../../src/coordinator/nodes/fragments.ts'
import { fragmentOf } from './fragments.ts'
import { withCoordinator } from './fixture.ts'
import { binaryFrame, frame, rawGet, UPGRADE } from './raw_socket.ts'

const { gc } = globalThis as unknown as { gc: () => void }
const LINKS = 4
const EACH = 30
const room = createFragmentRoom()

function external(): number {
  for (let i = 0; i < 3; i++) gc()
  return Deno.memoryUsage().external
}

async function send(conn: Deno.Conn, bytes: Uint8Array) {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at))
}

await withCoordinator(
  async ({ url, pool }) => {
    const conns: Deno.Conn[] = []
    const before = external()
    for (let i = 0; i < LINKS; i++) {
      const conn = await Deno.connect({ hostname: '127.0.0.1', port: Number(new URL(url).port) })
      conns.push(conn)
      await send(conn, rawGet('/v1/link', UPGRADE))
      await conn.read(new Uint8Array(1024))
      await send(
        conn,
        frame(JSON.stringify({ type: 'hello', protocol: 1, nodeId: `${i}`, epoch: 1 })),
      )
      for (let k = 0; k < EACH; k++) await send(conn, binaryFrame(fragmentOf(k, 1000, 1 << 20)))
    }
    const all = LINKS * EACH * (1 << 20)
    while (room.bytes < all) await new Promise((done) => setTimeout(done, 1))
    const during = external()
    for (const conn of conns) await send(conn, frame('no message'.padEnd(200)))
    while (pool.nodes().length > 0) await new Promise((done) => setTimeout(done, 5))
    const after = external()
    console.log(JSON.stringify({ before, during, after, counted: room.bytes }))
    for (const conn of conns) conn.close()
  },
  { fragments: room, silenceMs: 600_000 },
)
