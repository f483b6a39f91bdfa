/**
 * The node's link to its coordinator: says hello, stays alive, comes back after a loss.
 *
 * @module
 */
import {
  CLOSE,
  type CoordinatorMessage,
  type Hello,
  type NodeMessage,
} from '../../protocol/messages.ts'
import {
  createCoordinatorMessageReader,
  encodeMessage,
  type WireData,
} from '../../protocol/read.ts'
import { type Clock, SLEPT_MS } from '../clock.ts'
import type { Backoff } from './backoff.ts'
import type { OpenTransport, Transport } from './transport.ts'

type Welcome = Extract<CoordinatorMessage, { type: 'welcome' }>
type Refuse = Extract<CoordinatorMessage, { type: 'refuse' }>
/** What is left for the node once the link has dealt with its own. */
export type WorkMessage = Exclude<CoordinatorMessage, { type: 'welcome' | 'refuse' | 'ping' }>

/** Why the coordinator will not have this node, and what would mend it. */
export interface Refusal {
  reason: Refuse['reason']
  message: string
  remedy?: string
}

export interface LinkHandlers {
  welcome(welcome: Welcome): void
  work(message: WorkMessage, blobs: Uint8Array[]): void
  /** The link is lost; the next try comes in `retryMs`. */
  lost(reason: string, retryMs: number): void
  /** The end: trying again would change nothing. */
  refused(refusal: Refusal): void
  /** The coordinator sent what cannot be understood; it was passed over. */
  warning(message: string): void
}

export interface LinkOptions {
  /** `ws:` or `wss:` address. */
  url: string
  clock: Clock
  backoff: Backoff
  open: OpenTransport
  /** The first message of each connection, with an epoch of its own. */
  hello(): Promise<Hello>
  handlers: LinkHandlers
}

export interface Link {
  start(): void
  /**
   * Sends now or not at all: what belongs to a lost connection is worthless on the next.
   *
   * @throws ProtocolError for a message larger than the coordinator takes
   */
  send(message: NodeMessage, blobs?: readonly Uint8Array[]): boolean
  /** Resolves when what was sent before has left. */
  close(): Promise<void>
  readonly up: boolean
}

/** Longest wait for the coordinator's answer to `hello`; a link that held as long was a good one. */
const WELCOME_MS = 15_000
/** The coordinator is given up after this many heartbeats without a word. */
const MISSED_HEARTBEATS = 8
/** A node that slept, if only for a few of them, must first read what came meanwhile. */
const READ_MS = 250

const FINAL: { [code: number]: Refusal } = {
  [CLOSE.unauthorized]: {
    reason: 'unauthorized',
    message: 'the coordinator wants a token, or another one',
    remedy: 'pass the token of the join link with --token',
  },
  [CLOSE.protocol]: {
    reason: 'protocol',
    message: 'node and coordinator speak different versions',
    remedy: 'use the same version on both sides',
  },
  [CLOSE.replaced]: {
    reason: 'replaced',
    message: 'another node with the same id took over',
    remedy: 'give each node of a machine its own --name',
  },
}

export function createLink(options: LinkOptions): Link {
  const { clock, handlers } = options
  let transport: Transport | undefined
  let welcomed = false
  let welcomedMs = 0
  let over = false
  let serial = 0
  let calm = () => {}

  async function end(): Promise<void> {
    over = true
    calm()
    welcomed = false
    const last = transport
    transport = undefined
    await last?.close()
  }

  function refuse(refusal: Refusal): void {
    if (over) return
    void end()
    handlers.refused(refusal)
  }

  async function connect(): Promise<void> {
    const hello = await options.hello()
    if (over) return
    const read = createCoordinatorMessageReader()
    let heartbeatMs = 0
    /** Guards what is waited for: the welcome first, any word later. */
    const expectWord = (ms: number, what: string, isLast = false) => {
      calm()
      const dueMs = clock.nowMs() + ms
      const slept = () => clock.nowMs() - dueMs > SLEPT_MS
      const late = () => isLast && !slept() ? lose(what) : expectWord(READ_MS, what, true)
      calm = ms > 0 ? clock.after(ms, late) : () => {}
    }

    function lose(reason: string): void {
      if (over || transport !== mine) return
      calm()
      // A welcome alone proves little: what ended the link may come again at once.
      if (welcomed && clock.nowMs() - welcomedMs >= WELCOME_MS) options.backoff.reset()
      transport = undefined
      welcomed = false
      void mine.close()
      const retryMs = options.backoff.nextMs()
      handlers.lost(reason, retryMs)
      calm = clock.after(retryMs, () => void connect())
    }

    function take(data: WireData): void {
      let received: ReturnType<typeof read>
      try {
        received = read(data)
      } catch (error) {
        // A newer coordinator may say more than this node understands.
        handlers.warning(error instanceof Error ? error.message : String(error))
        return
      }
      if (received === undefined) return
      const { message, blobs } = received
      if (message.type === 'refuse') {
        const { reason, message: why, remedy } = message
        const mends = welcomed && (reason === 'malformed' || reason === 'too_large')
        if (mends) return lose(why)
        return refuse({ reason, message: why, ...(remedy === undefined ? {} : { remedy }) })
      }
      if (message.type === 'welcome') {
        if (!welcomed) welcomedMs = clock.nowMs()
        welcomed = true
        heartbeatMs = message.heartbeatMs
        handlers.welcome(message)
      } else if (!welcomed) {
        handlers.warning(`Cannot take ${message.type} before welcome`)
      } else if (message.type === 'ping') {
        send({ type: 'pong', n: message.n })
      } else {
        handlers.work(message, blobs)
      }
    }

    const mine = options.open(options.url, {
      opened() {
        if (transport !== mine) return
        mine.send(JSON.stringify(hello))
      },
      received(data) {
        if (transport !== mine) return
        take(data)
        if (transport === mine && welcomed) {
          expectWord(heartbeatMs * MISSED_HEARTBEATS, 'the coordinator fell silent')
        }
      },
      closed(code, reason) {
        if (transport !== mine) return
        const final = FINAL[code]
        if (final !== undefined) return refuse(final)
        lose(reason === '' ? `the connection closed with ${code}` : reason)
      },
    })
    transport = mine
    expectWord(WELCOME_MS, 'the coordinator gave no welcome')
  }

  function send(message: NodeMessage, blobs: readonly Uint8Array[] = []): boolean {
    if (transport === undefined || !welcomed) return false
    for (const frame of encodeMessage(message, blobs, serial++ >>> 0)) transport.send(frame)
    return true
  }

  return {
    start: () => void connect(),
    send,
    close: end,
    get up() {
      return welcomed
    },
  }
}
