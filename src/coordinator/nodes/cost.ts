/**
 * What the messages of one link take of the coordinator's one thread. Each is bounded in size; this
 * bounds them together, so that no node can keep the coordinator from all others.
 *
 * @module
 */
import type { CoordinatorMessage, NodeMessage } from '../../protocol/mod.ts'

/** A node has little to say that it was not asked for. */
const SHARE = 0.25
/** At once, after a while of less: one that moves 64 slots to another backend has a thousand words more. */
const BURST_MS = 2000
/** What it was asked for may take so long to be read: large results do, as JSON. */
const ANSWER_MS = 250
/**
 * What took longer took it for the machine's sake: garbage was collected, or the process slept. Several
 * times what messages take that are made to take long.
 */
const MOST_MS = 1
const MOST_MS_PER_BYTE = 1e-3

const ANSWERS: ReadonlySet<NodeMessage['type']> = new Set(
  ['result', 'batch_failed', 'ready', 'load_failed'] as const,
)

export interface Cost {
  /** Of late. */
  readonly spentMs: number
  /** Adds what a message of so many bytes took of the thread. False where it is too much by now. */
  spend(tookMs: number, bytes: number, isAnswer?: boolean): boolean
  /** The node was sent this. */
  asked(message: CoordinatorMessage): void
  /** Whether it was asked for: how much comes of it is for the scheduler to say, and not counted. */
  isAnswer(message: NodeMessage): boolean
}

export function createCost(now: () => number): Cost {
  let spentMs = 0
  let atMs = now()
  /** Batches and loads. */
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
    asked(message) {
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
