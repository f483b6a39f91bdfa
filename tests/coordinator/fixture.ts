/**
 * A coordinator on a real port, and nodes that speak the real protocol over real sockets but whose
 * answers a test writes.
 */
import { type Coordinator, startCoordinator } from '../../src/cli/serve/coordinator.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import {
  type BatchMessage,
  type CoordinatorMessage,
  createCoordinatorMessageReader,
  encodeMessage,
  type NodeMessage,
  PROTOCOL_VERSION,
  type ResultMessage,
  type WireData,
} from '../../src/protocol/mod.ts'

/** find (fast, slow) > read (small, large); read's answer is quoted in the list `words`. */
export const pipeline = checkPipeline({
  schema: 'shoal-pipeline/1',
  name: 'words',
  sloMs: 5000,
  root: 'find',
  tasks: {
    find: {
      next: ['read'],
      variants: {
        fast: { accuracy: 0.6, fanOut: { read: 2 }, referenceMs: 2 },
        slow: { accuracy: 0.9, fanOut: { read: 2 }, referenceMs: 10 },
      },
    },
    read: {
      variants: {
        small: { accuracy: 0.7, referenceMs: 1 },
        large: { accuracy: 0.95, referenceMs: 5 },
      },
    },
  },
  output: { words: { each: 'read', with: ['text', 'box'] } },
}, 'fixture')

export async function withCoordinator(
  test: (coordinator: Coordinator) => Promise<void>,
  link?: Parameters<typeof startCoordinator>[0]['link'],
  options: Partial<Parameters<typeof startCoordinator>[0]> = {},
) {
  const coordinator = startCoordinator({
    pipelines: [{ dir: '', pipeline, models: {} }],
    port: 0,
    ...options,
    ...(link === undefined ? {} : { link }),
  })
  try {
    await test(coordinator)
  } finally {
    await coordinator.close(1000)
  }
}

type Item = ResultMessage['items'][number]
export interface Batch {
  message: BatchMessage
  blobs: Uint8Array[]
}
/** What a node makes of a batch: one item result each, and blobs; or nothing at all, for ever. */
export type Behaviour = (batch: Batch) => { items: Item[]; blobs?: Uint8Array[] } | undefined

/** find: two words with boxes and 4 bytes each, kept under keys. read: the text `word BYTE`. */
export const honest: Behaviour = ({ message, blobs }) => {
  if (message.task === 'read') {
    return {
      items: message.items.map(({ payload }, i) => {
        const bytes = 'blob' in payload ? blobs[payload.blob] : undefined
        const word = bytes === undefined ? `kept ${'key' in payload ? payload.key : i}` : bytes[0]
        return { ok: true, fields: { text: `word ${word}` }, children: {} }
      }),
    }
  }
  const words = [new Uint8Array([1, 1, 1, 1]), new Uint8Array([2, 2, 2, 2])]
  return {
    blobs: message.items.flatMap(() => words),
    items: message.items.map((_, i) => ({
      ok: true as const,
      fields: null,
      children: {
        read: words.map((_, w) => ({
          meta: { box: [w, w] },
          blob: 2 * i + w,
          key: `${message.batch}/${i}/${w}`,
        })),
      },
    })),
  }
}

export interface ScriptedNode {
  socket: WebSocket
  /** Every message so far. */
  messages: CoordinatorMessage[]
  batches: Batch[]
  /** Resolves with the first message, past or future, that fits. */
  got<T extends CoordinatorMessage['type']>(
    type: T,
    fits?: (message: Extract<CoordinatorMessage, { type: T }>) => boolean,
  ): Promise<Extract<CoordinatorMessage, { type: T }>>
  send(message: NodeMessage, blobs?: Uint8Array[]): void
  closed: Promise<CloseEvent>
  /** Drops the socket; resolves when it is closed. */
  leave(): Promise<void>
}

/**
 * Connects, says hello, becomes ready for whatever it is told to load, and does as `behave` says.
 *
 * @param computeMs what it claims that each batch took
 * @param farMs what comes to it takes so long, the first ping as all else
 */
export async function joinScripted(
  coordinator: Coordinator,
  nodeId: string,
  behave: Behaviour = honest,
  hello: Partial<Extract<NodeMessage, { type: 'hello' }>> = {},
  computeMs = 1,
  farMs = 0,
): Promise<ScriptedNode> {
  const node = await openLink(coordinator, behave, computeMs, farMs)
  node.send({
    ...{ type: 'hello', protocol: PROTOCOL_VERSION, nodeId, name: nodeId, epoch: 1 },
    ...{ runtime: 'deno', backend: 'wasm', slots: 1, ...hello },
  })
  await node.got('welcome')
  return node
}

/** As {@linkcode joinScripted}, honest, and at one batch at a time, each for so long. */
export async function joinBusy(
  coordinator: Coordinator,
  nodeId: string,
  batchMs: number,
  farMs = 0,
): Promise<ScriptedNode> {
  const waiting: Batch[] = []
  let working = false
  const work = async () => {
    if (working) return
    working = true
    for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
      await new Promise((done) => setTimeout(done, batchMs))
      const { items, blobs } = honest(batch)!
      const took = { queueMs: 0, computeMs: batchMs, elapsedMs: batchMs }
      node.send({ type: 'result', batch: batch.message.batch, items, ...took }, blobs)
    }
    working = false
  }
  const node = await joinScripted(
    coordinator,
    nodeId,
    (batch) => {
      waiting.push(batch)
      void work()
      return undefined
    },
    {},
    1,
    farMs,
  )
  return node
}

/** As {@linkcode joinScripted}, but says nothing first. */
export async function openLink(
  coordinator: Coordinator,
  behave: Behaviour = honest,
  computeMs = 1,
  farMs = 0,
): Promise<ScriptedNode> {
  const socket = new WebSocket(`${coordinator.url.replace('http', 'ws')}/v1/link`)
  socket.binaryType = 'arraybuffer'
  const read = createCoordinatorMessageReader()
  const waiting: (() => void)[] = []
  const closed = new Promise<CloseEvent>((done) => socket.onclose = done)
  let serial = 0
  const node: ScriptedNode = {
    socket,
    messages: [],
    batches: [],
    closed,
    got(type, fits = () => true) {
      return new Promise((resolve) => {
        const look = () => {
          for (const message of node.messages) {
            // deno-lint-ignore no-explicit-any
            if (message.type === type && fits(message as any)) return resolve(message as any)
          }
          waiting.push(look)
        }
        look()
      })
    },
    send(message, blobs = []) {
      if (socket.readyState !== WebSocket.OPEN) return
      for (const data of encodeMessage(message, blobs, ++serial)) socket.send(data)
    },
    async leave() {
      socket.close()
      await closed
    },
  }
  const receive = (data: unknown) => {
    const received = read(data as WireData)
    if (received === undefined) return
    const { message, blobs } = received
    if (message.type === 'ping') node.send({ type: 'pong', n: message.n })
    if (message.type === 'load') {
      for (const one of message.instances) node.send({ type: 'ready', loadMs: 1, ...one })
    }
    if (message.type === 'batch') {
      const batch = { message, blobs }
      node.batches.push(batch)
      const result = behave(batch)
      if (result !== undefined) {
        const answer = () =>
          node.send({
            ...{ type: 'result', batch: message.batch, items: result.items },
            ...{ queueMs: 0, computeMs, elapsedMs: computeMs },
          }, result.blobs)
        // Who says that it took long has to: the clock is believed where a node is far from it.
        if (computeMs > 1) setTimeout(answer, computeMs)
        else answer()
      }
    }
    node.messages.push(message)
    for (const look of waiting.splice(0)) look()
  }
  const underWay: ReturnType<typeof setTimeout>[] = []
  void closed.then(() => underWay.forEach((timer) => clearTimeout(timer)))
  socket.onmessage = ({ data }) =>
    farMs > 0 ? void underWay.push(setTimeout(() => receive(data), farMs)) : receive(data)
  await new Promise((done) => socket.onopen = done)
  return node
}

/** Resolves once the coordinator can serve every task. */
export async function untilReady({ url }: Coordinator) {
  for (;;) {
    const response = await fetch(`${url}/v2/health/ready`)
    await response.body?.cancel()
    if (response.ok) return
    await new Promise((done) => setTimeout(done, 5))
  }
}

/** Resolves once the coordinator counts that many instances on the node. */
export async function untilHolds({ pool }: Coordinator, nodeId: string, instances: number) {
  while ((pool.node(nodeId)?.instances.size ?? 0) < instances) {
    await new Promise((done) => setTimeout(done, 1))
  }
}

/** A whole PNG of one pixel. */
export const PIXEL_PNG: Uint8Array<ArrayBuffer> = Uint8Array.fromBase64(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
)

/** Of a query that waits for what a test does: a machine that is busy for seconds costs it nothing. */
export const PATIENT = { 'x-request-timeout-ms': '600000' }

export function ask(
  { url }: Coordinator,
  headers: Record<string, string> = {},
  body: BodyInit = PIXEL_PNG,
  name = 'words',
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(`${url}/v1/pipelines/${name}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'image/png', ...headers },
    body,
    signal: signal ?? null,
  })
}
