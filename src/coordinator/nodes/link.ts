/**
 * The coordinator's end of a node's WebSocket: hello in time, checked messages, a heartbeat.
 *
 * A link frees its own state when it closes: the close event of a socket closed from here may
 * never come (denoland/deno#27924).
 *
 * @module
 */
import {
  CLOSE,
  type CoordinatorMessage,
  createNodeMessageReader,
  createRoom,
  framesOf,
  type Hello,
  MAX_FRAME_BYTES,
  type NodeMessage,
  PROTOCOL_VERSION,
  ProtocolError,
  type Received,
  versionOfHello,
  type WireData,
} from '../../protocol/mod.ts'
import { createBacklog } from './backlog.ts'
import { createCost } from './cost.ts'
import { createFragmentRoom, type FragmentRoom } from './fragments.ts'

/** What a link needs of a socket; Deno's and Hono's fit. */
export interface Socket {
  /** Has copied the bytes when it returns. */
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  /** Bytes that have yet to leave; not known where absent. */
  readonly bufferedAmount?: number
}

export interface LinkHandlers {
  /** The node introduced itself in this protocol's version. `false` refuses it as unauthorized. */
  hello(link: Link, hello: Hello): boolean
  message(link: Link, received: Received<NodeMessage>): void
  /** Nothing was heard for longer than this link is used to; `false` once it is heard of again. */
  silent(link: Link, silent: boolean): void
  /** Once, however the link ended, and only if there was a hello. */
  closed(link: Link, why: string): void
}

export interface Link {
  readonly open: boolean
  /** Least round trip of recent heartbeats; `undefined` before the first. */
  readonly roundTripMs: number | undefined
  readonly bytesSent: number
  readonly bytesReceived: number
  send(message: CoordinatorMessage, blobs?: readonly Uint8Array[]): void
  /** Refuses with a reason that the node shows to its volunteer, and closes. */
  refuse(code: number, refusal: Omit<Extract<CoordinatorMessage, { type: 'refuse' }>, 'type'>): void
  close(code: number, why: string): void
  receive(data: WireData): void
  /** The socket closed or failed. */
  lost(why: string): void
}

export interface LinkOptions {
  now: () => number
  helloTimeoutMs?: number
  heartbeatMs?: number
  /** Silence after which a link is doubted, where it never was silent for nearly as long. */
  doubtMs?: number
  /** Silence after which a link counts as dead. */
  silenceMs?: number
  /** What makes a node of an older version one of this. */
  remedy?: string
  /** Fragments that wait for their rest, on all links together. */
  fragments?: FragmentRoom
  /** Told where the link is closed for what its node said, which took so long of late. */
  blamed?: (spentMs: number) => void
}

export const HEARTBEAT_MS = 500
/** A link is doubted after so many times its longest silence of late: a slow one has its own. */
const DOUBT_FACTOR = 2.5
/** What a silence counts for after each word heard since. */
const FADE = 0.99
/** A hello with all its hashes takes half of it. */
const MAX_HELLO_BYTES = 64 * 1024
/** Results that cannot be read fail their batches; so many, and the link is closed. */
const MOST_MALFORMED = 8
/** Of all links: what is sent is copied at once. */
const room = createRoom(MAX_FRAME_BYTES)

export function createLink(socket: Socket, handlers: LinkHandlers, options: LinkOptions): Link {
  const { now, helloTimeoutMs = 5000, heartbeatMs = HEARTBEAT_MS } = options
  const { doubtMs = 1500, silenceMs = 6000, fragments = createFragmentRoom() } = options
  let read = createNodeMessageReader()
  let state: 'waiting' | 'open' | 'closed' = 'waiting'
  let serial = 0
  let bytesSent = 0
  let bytesReceived = 0
  let fragmentBytes = 0
  let malformed = 0
  let lastHeardMs = now()
  let lastBeatMs = lastHeardMs
  let longestSilenceMs = 0
  let doubted = false
  const isTooMuch = createBacklog()
  const cost = createCost(now)
  const pings = new Map<number, number>()
  const recentTripsMs: number[] = []
  const helloTimer = setTimeout(() => close(CLOSE.unauthorized, 'no hello in time'), helloTimeoutMs)
  let heartbeat: ReturnType<typeof setInterval> | undefined

  function beat() {
    const lateMs = now() - lastBeatMs - heartbeatMs
    lastBeatMs = now()
    // It was this side that slept: what the others said meanwhile is yet to be read.
    if (lateMs > 2 * heartbeatMs) lastHeardMs += lateMs
    const silentMs = now() - lastHeardMs
    if (silentMs > silenceMs) return close(1001, 'silent for too long')
    if (!doubted && silentMs > Math.max(doubtMs, DOUBT_FACTOR * longestSilenceMs)) {
      doubted = true
      handlers.silent(link, true)
    }
    serial += 1
    pings.set(serial, now())
    if (pings.size > 16) pings.delete(pings.keys().next().value ?? 0)
    link.send({ type: 'ping', n: serial })
  }

  function end(why: string) {
    if (state === 'closed') return
    const known = state === 'open'
    state = 'closed'
    letGo()
    // A socket whose closing is ignored stays, and this link with it; what it began does not.
    read = createNodeMessageReader()
    clearTimeout(helloTimer)
    clearInterval(heartbeat)
    if (known) handlers.closed(link, why)
  }

  function letGo() {
    if (fragmentBytes > 0) fragments.leave(link)
    fragmentBytes = 0
  }

  function close(code: number, why: string) {
    if (state === 'closed') return
    try {
      socket.close(code, why)
    } catch {
      // Closed already: its end is what we are here for.
    }
    end(why)
  }

  function refuseVersion(protocol: number) {
    link.refuse(CLOSE.protocol, {
      reason: 'protocol',
      message: `Cannot speak protocol ${protocol}: this coordinator speaks ${PROTOCOL_VERSION}`,
      remedy: protocol < PROTOCOL_VERSION
        ? options.remedy ?? 'update the node: pull the current checkout'
        : 'update the coordinator: pull the current checkout and start it again',
    })
  }

  /** False where the link was closed, because it takes too much of the thread. */
  function mayCost(sinceMs: number, bytes: number, isAnswer = false): boolean {
    if (cost.spend(now() - sinceMs, bytes, isAnswer)) return true
    blame()
    close(1013, 'to read what it says takes too long')
    return false
  }

  const blame = () => options.blamed?.(cost.spentMs)

  function greet(message: NodeMessage) {
    if (message.type !== 'hello') {
      return close(CLOSE.unauthorized, 'the first message must be hello')
    }
    clearTimeout(helloTimer)
    state = 'open'
    lastBeatMs = now()
    heartbeat = setInterval(beat, heartbeatMs)
    if (!handlers.hello(link, message)) {
      link.refuse(CLOSE.unauthorized, {
        reason: 'unauthorized',
        message: 'Cannot let this node in: its token is missing or wrong',
      })
    } else beat()
  }

  function pong(n: number) {
    const sentMs = pings.get(n)
    if (sentMs === undefined) return
    pings.delete(n)
    recentTripsMs.push(now() - sentMs)
    if (recentTripsMs.length > 10) recentTripsMs.shift()
  }

  const link: Link = {
    get open() {
      return state === 'open'
    },
    get roundTripMs() {
      return recentTripsMs.length === 0 ? undefined : Math.min(...recentTripsMs)
    },
    get bytesSent() {
      return bytesSent
    },
    get bytesReceived() {
      return bytesReceived
    },
    send(message, blobs) {
      if (state === 'closed') return
      if (isTooMuch(socket.bufferedAmount ?? 0, bytesSent)) {
        return close(1013, 'it does not read what it is sent')
      }
      serial += 1
      cost.asked(message)
      try {
        for (const data of framesOf(message, blobs ?? [], serial, room)) {
          bytesSent += typeof data === 'string' ? data.length : data.byteLength
          socket.send(data)
        }
      } catch (error) {
        // The socket went between two of our looks at it.
        close(1001, (error as Error).message)
      }
    },
    refuse(code, refusal) {
      link.send({ type: 'refuse', ...refusal })
      close(code, refusal.reason)
    },
    close,
    receive(data) {
      if (state === 'closed') return
      const nowMs = now()
      longestSilenceMs = Math.max(FADE * longestSilenceMs, nowMs - lastHeardMs)
      lastHeardMs = nowMs
      if (doubted) {
        doubted = false
        handlers.silent(link, false)
      }
      const size = typeof data === 'string' ? data.length : data.byteLength
      bytesReceived += size
      if (state === 'waiting' && typeof data !== 'string') {
        return close(CLOSE.unauthorized, 'the first message must be hello')
      }
      if (state === 'waiting' && size > MAX_HELLO_BYTES) {
        return close(CLOSE.tooLarge, 'a first message of this size')
      }
      const version = state === 'waiting' ? versionOfHello(data) : undefined
      if (version !== undefined && version !== PROTOCOL_VERSION) return refuseVersion(version)
      let received: Received<NodeMessage> | undefined
      try {
        received = read(data)
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        const { batch, message } = error
        if (state === 'open' && batch !== undefined && ++malformed < MOST_MALFORMED) {
          if (!mayCost(nowMs, size)) return
          if (typeof data !== 'string') letGo()
          return handlers.message(link, {
            message: { type: 'batch_failed', batch, message },
            blobs: [],
          })
        }
        const code = error.reason === 'too_large'
          ? CLOSE.tooLarge
          : state === 'waiting'
          ? CLOSE.unauthorized
          : CLOSE.malformed
        // Closed for what it said, however long that took.
        cost.spend(now() - nowMs, size)
        blame()
        return link.refuse(code, { reason: error.reason, message: error.message })
      }
      const isAnswer = received !== undefined && cost.isAnswer(received.message)
      if (!mayCost(nowMs, received?.bytes ?? size, isAnswer)) return
      if (received === undefined) {
        fragmentBytes += size
        return fragments.add(link, size)
      }
      // A text, as a pong is, may come between.
      if (typeof data !== 'string') letGo()
      if (state === 'waiting') return greet(received.message)
      if (received.message.type === 'pong') return pong(received.message.n)
      const heardMs = now()
      handlers.message(link, received)
      if (!isAnswer) mayCost(heardMs, size)
    },
    lost: end,
  }
  return link
}
