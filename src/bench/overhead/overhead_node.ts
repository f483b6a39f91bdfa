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

const [kind, url = '', slots = '1'] = Deno.args
if (kind === 'bare') {
  const socket = await openSocket(url)
  socket.onmessage = ({ data }) => {
    const { batch } = decodeFrame(new Uint8Array(data)).header as { batch: number }
    socket.send(JSON.stringify({ type: 'result', batch, answer: ANSWER }))
  }
} else {
  const about = { nodeId: 'idle', slots: Number(slots) }
  await joinLink(url, about, ({ batch, items }, send, receivedMs) => {
    const elapsedMs = performance.now() - receivedMs
    send({
      ...{ type: 'result', batch, queueMs: 0, computeMs: elapsedMs, elapsedMs },
      items: items.map(() => ({ ok: true, fields: { text: 'passed' }, children: {} })),
    })
  })
}
await answerLines(null)
