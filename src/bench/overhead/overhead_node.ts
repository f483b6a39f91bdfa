/**
 * A node that does nothing, at once: reads each batch and answers it. `shoal` speaks the protocol,
 * `bare` what the bare hop of `deno task bench overhead` speaks.
 * @module
 */
import { decodeFrame } from '../../protocol/mod.ts'
import { answerLines } from '../child.ts'
import { joinLink, openSocket } from '../link_node.ts'

/** As long as an answer of the coordinator, so that both write as much. */
const ANSWER = { text: 'passed', more: 'x'.repeat(420) }

/** About what it takes to read a batch. */
const TOOK_MS = 0.05

const [kind, url = '', slots = '1'] = Deno.args
if (kind === 'bare') {
  const socket = await openSocket(url)
  socket.onmessage = ({ data }) => {
    const { batch } = decodeFrame(new Uint8Array(data)).header as { batch: number }
    socket.send(JSON.stringify({ type: 'result', batch, answer: ANSWER }))
  }
} else {
  await joinLink(url, { nodeId: 'idle', slots: Number(slots) }, ({ batch, items }, send) =>
    send({
      ...{ type: 'result', batch, queueMs: 0, computeMs: TOOK_MS, elapsedMs: TOOK_MS },
      items: items.map(() => ({ ok: true, fields: { text: 'passed' }, children: {} })),
    }))
}
await answerLines(null)
