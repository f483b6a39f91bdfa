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
  /**
   * Called with `true` when no message came for unusually long, with `false` when one came again.
   */
  silent(link: Link, silent: boolean): void
  /** Called once, however the link ended, and only if there was a hello. */
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
  /** Silence after which a link that was never silent for nearly as long is doubted. */
  doubtMs?: number
  /** Silence after which a link counts as dead. */
  silenceMs?: number
  /** How a node of an older version is updated. */
  remedy?: string
  /** Fragments that wait for their rest, on all links together. */
  fragments?: FragmentRoom
  /**
   * Called where the link is closed for its node's messages, with the time that they took of late.
   */
  blamed?: (spentMs: number) => void
}

export const HEARTBEAT_MS = 500
/** A link is doubted after this many times its longest silence of late. */
const DOUBT_FACTOR = 2.5
/** The longest silence of late shrinks by this factor with each message. */
const FADE = 0.99
/** Twice what a hello with all its hashes takes. */
const MAX_HELLO_BYTES = 64 * 1024
/** Results that cannot be read fail their batches; after this many the link is closed. */
const MOST_MALFORMED = 8
/** One buffer for all links: sockets copy what they send. */
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
  let lastMessageMs = now()
  let lastBeatMs = lastMessageMs
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
    // This process slept: messages that came meanwhile are yet to be read.
    if (lateMs > 2 * heartbeatMs) lastMessageMs += lateMs
    const silentMs = now() - lastMessageMs
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
    const hadHello = state === 'open'
    state = 'closed'
    dropFragments()
    // A socket that does not close keeps this link alive; fragments of messages are freed.
    read = createNodeMessageReader()
    clearTimeout(helloTimer)
    clearInterval(heartbeat)
    if (hadHello) handlers.closed(link, why)
  }

  function dropFragments() {
    if (fragmentBytes > 0) fragments.leave(link)
    fragmentBytes = 0
  }

  function close(code: number, why: string) {
    if (state === 'closed') return
    try {
      socket.close(code, why)
    } catch {
      // The socket was closed already.
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

  /** False where the link was closed, because its messages take too much of the thread. */
  function mayCost(sinceMs: number, bytes: number, isAnswer = false): boolean {
    if (cost.spend(now() - sinceMs, bytes, isAnswer)) return true
    blame()
    close(1013, 'its messages take too long to read')
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
      cost.sent(message)
      try {
        for (const data of framesOf(message, blobs ?? [], serial, room)) {
          bytesSent += typeof data === 'string' ? data.length : data.byteLength
          socket.send(data)
        }
      } catch (error) {
        // The socket closed since its state was checked.
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
      longestSilenceMs = Math.max(FADE * longestSilenceMs, nowMs - lastMessageMs)
      lastMessageMs = nowMs
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
          if (typeof data !== 'string') dropFragments()
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
        // The time of this message counts, though its link is closed for its content.
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
      // Text messages, such as pongs, may come between fragments.
      if (typeof data !== 'string') dropFragments()
      if (state === 'waiting') return greet(received.message)
      if (received.message.type === 'pong') return pong(received.message.n)
      const handledMs = now()
      handlers.message(link, received)
      if (!isAnswer) mayCost(handledMs, size)
    },
    lost: end,
  }
  return link
}
