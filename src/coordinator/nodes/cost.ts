/**
 * Time that the messages of one link take of the coordinator's one thread. The size of each is
 * bounded; this bounds their time together, so that no node can keep the coordinator from the
 * others.
 *
 * @module
 */
import type { CoordinatorMessage, NodeMessage } from '../../protocol/mod.ts'

/** Share of the thread for messages that answer nothing: a node has few of them. */
const SHARE = 0.25
/** Burst: a node that moves 64 slots to another backend sends a thousand messages at once. */
const BURST_MS = 2000
/** Time in which an answer may be read without being counted: large results take it, as JSON. */
const ANSWER_MS = 250
/**
 * Most time that a message is charged: a longer time is the machine's fault, as garbage collection.
 * This is several times what hostile messages can take.
 */
const MOST_MS = 1
const MOST_MS_PER_BYTE = 1e-3

const ANSWERS: ReadonlySet<NodeMessage['type']> = new Set(
  ['result', 'batch_failed', 'ready', 'load_failed'] as const,
)

export interface Cost {
  /** Time charged of late. */
  readonly spentMs: number
  /** Charges the time that a message took. False where the link has had too much by now. */
  spend(tookMs: number, bytes: number, isAnswer?: boolean): boolean
  /** Notes a message that was sent to the node. */
  sent(message: CoordinatorMessage): void
  /**
   * Whether a message answers one that was sent: the scheduler bounds those, and they are not
   * charged.
   */
  isAnswer(message: NodeMessage): boolean
}

export function createCost(now: () => number): Cost {
  let spentMs = 0
  let atMs = now()
  /** Batches and loads that were sent. */
  let unanswered = 0

  function leftOver(): number {
    const nowMs = now()
    spentMs = Math.max(0, spentMs - SHARE * (nowMs - atMs))
    atMs = nowMs
    return spentMs
  }

  return {
    get spentMs() {
      return leftOver()
    },
    spend(tookMs, bytes, isAnswer = false) {
      const ownMs = Math.min(tookMs, MOST_MS + MOST_MS_PER_BYTE * bytes)
      spentMs = leftOver() + (isAnswer ? Math.max(0, ownMs - ANSWER_MS) : ownMs)
      return spentMs <= BURST_MS
    },
    sent(message) {
      if (message.type === 'batch') unanswered++
      if (message.type === 'load') unanswered += message.instances.length
    },
    isAnswer({ type }) {
      if (unanswered === 0 || !ANSWERS.has(type)) return false
      unanswered--
      return true
    },
  }
}
