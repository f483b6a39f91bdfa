/**
 * A coordinator just good enough to drive a node in tests: real sockets, every message kept.
 *
 * @module
 */
import type {
  CoordinatorMessage,
  Hello,
  NodeMessage,
  Welcome,
} from '../../src/protocol/messages.ts'
import {
  createNodeMessageReader,
  encodeMessage,
  type Received,
  type WireData,
} from '../../src/protocol/read.ts'

type Of<Type extends NodeMessage['type']> = Extract<NodeMessage, { type: Type }>

/** One connection of a node. */
export interface Peer {
  readonly hello: Hello
  /** All that came, in order. */
  readonly received: Received<NodeMessage>[]
  send(message: CoordinatorMessage, blobs?: readonly Uint8Array[]): void
  sendRaw(data: WireData): void
  /** The first message of that type, or those, that fits and was not taken before; waits for it. */
  take<Type extends NodeMessage['type']>(
    type: Type | readonly Type[],
    fits?: (message: Of<Type>) => boolean,
  ): Promise<{ message: Of<Type>; blobs: Uint8Array[] }>
  close(code?: number): void
  readonly closed: Promise<void>
}

export interface TestCoordinator {
  readonly url: string
  readonly served: Served
  /** The next connection that said hello. */
  nextPeer(): Promise<Peer>
  /** How often each path was asked for. */
  readonly downloads: Map<string, number>
  /** Answers a model request; the file itself where it gives nothing. */
  answerModel: (hash: string, time: number) => Response | undefined
  /** Said right after hello, in place of welcome. */
  greet: (peer: Peer) => void
  close(): Promise<void>
}

export interface Served {
  pipelines: unknown[]
  models: Welcome['models']
  /** Model bytes by hash. */
  files: Map<string, Uint8Array<ArrayBuffer>>
  heartbeatMs?: number
}

export function startTestCoordinator(served: Served): TestCoordinator {
  const peers: Peer[] = []
  let onPeer = () => {}
  const sockets = new Set<WebSocket>()
  const downloads = new Map<string, number>()

  function attach(socket: WebSocket): void {
    socket.binaryType = 'arraybuffer'
    const read = createNodeMessageReader()
    const received: Received<NodeMessage>[] = []
    const untaken: Received<NodeMessage>[] = []
    let onMessage = () => {}
    let onClosed = () => {}
    const closed = new Promise<void>((resolve) => onClosed = resolve)
    let peer: Peer | undefined

    const open = (hello: Hello): Peer => ({
      hello,
      received,
      closed,
      send(message, blobs) {
        for (const frame of encodeMessage(message, blobs)) socket.send(frame)
      },
      sendRaw: (data) => socket.send(data),
      async take(type, fits = () => true) {
        for (;;) {
          const i = untaken.findIndex(({ message }) =>
            [type].flat().includes(message.type as never) && fits(message as never)
          )
          if (i >= 0) return untaken.splice(i, 1)[0] as never
          await new Promise<void>((resolve) => {
            const before = onMessage
            onMessage = () => (before(), resolve())
          })
        }
      },
      close: (code = 1012) => socket.close(code),
    })

    socket.addEventListener('message', ({ data }) => {
      const one = read(data)
      if (one === undefined) return
      received.push(one)
      if (peer === undefined) {
        if (one.message.type !== 'hello') throw new Error(`first came ${one.message.type}`)
        peer = open(one.message)
        coordinator.greet(peer)
        peers.push(peer)
        return onPeer()
      }
      untaken.push(one)
      const wake = onMessage
      onMessage = () => {}
      wake()
    })
    socket.addEventListener('close', () => onClosed())
    sockets.add(socket)
  }

  function model(hash: string): Response {
    const time = (downloads.get(hash) ?? 0) + 1
    downloads.set(hash, time)
    const bytes = served.files.get(hash)
    return coordinator.answerModel(hash, time) ??
      (bytes === undefined ? new Response('', { status: 404 }) : new Response(bytes))
  }

  const server = Deno.serve({ port: 0, hostname: '127.0.0.1', onListen() {} }, (request) => {
    const { pathname } = new URL(request.url)
    if (pathname.startsWith('/models/')) return model(pathname.slice('/models/'.length))
    const { socket, response } = Deno.upgradeWebSocket(request)
    attach(socket)
    return response
  })

  const coordinator: TestCoordinator = {
    url: `http://127.0.0.1:${server.addr.port}`,
    served,
    downloads,
    answerModel: () => undefined,
    greet: (peer) =>
      peer.send({
        type: 'welcome',
        protocol: 1,
        pipelines: served.pipelines as never[],
        models: served.models,
        modelPath: '/models/',
        heartbeatMs: served.heartbeatMs ?? 0,
      }),
    async nextPeer() {
      while (peers.length === 0) await new Promise<void>((resolve) => onPeer = resolve)
      return peers.shift()!
    },
    async close() {
      for (const socket of sockets) if (socket.readyState < 2) socket.close()
      await server.shutdown()
    },
  }
  return coordinator
}
