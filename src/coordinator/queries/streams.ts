/**
 * Answers that are not whole yet: the text of each so far. It goes to the client at once, and to
 * the next node where one is lost, which goes on behind it: the client sees neither repetition nor
 * gap.
 *
 * Text of a node whose results are checked first is not passed on before its answer is confirmed.
 *
 * @module
 */
import {
  GENERATE,
  type Generated,
  generateTaskOf,
  generatingTask,
  type Said,
} from '../../pipeline/generate.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import { createTable } from '../../policy/core/table.ts'
import type { Answer, BatchId, QueryId, VariantRef } from '../../policy/core/types.ts'
import type { PooledNode } from '../nodes/nodes.ts'
import type { Payload } from '../nodes/payload.ts'
import type { Dispatch } from '../scheduler/driver.ts'

/** The next text of an answer: `ids` are its tokens. */
export interface TextPiece {
  text: string
  ids: readonly number[]
}

export type OnText = (piece: TextPiece) => void

/**
 * Silence after which a node has lost a batch: ms, and a share of the time left when it was sent. A
 * node that is checked first has to be done by then: its pieces of text are no sign of life.
 */
const SILENT = { leastMs: 1000, mostMs: 5000, share: 1 / 3 }
/** Most UTF-16 code units of text for each token of a context: no tokens are this long. */
const MOST_PER_TOKEN = 64
/** How often silence is checked. */
const CHECK_MS = 250

/** The text of one item so far. */
interface ItemText {
  ids: number[]
  text: string
  /** Most tokens that its task can have. */
  context: number
  /** The batch whose text counts. */
  batch: BatchId
  onText: OnText | undefined
}

interface BatchStream {
  batch: BatchId
  node: PooledNode
  ref: VariantRef
  items: Dispatch['items']
  lastTextMs: number
  patienceMs: number
}

export interface StreamParts {
  pipelines: ReadonlyMap<string, Pipeline>
  now: () => number
  /** The listener of a query's text. */
  onTextOf(query: QueryId): OnText | undefined
  /** Whether a node's results of a variant are taken unchecked. */
  isTrusted(node: PooledNode, ref: VariantRef): boolean
  /** Called for a batch of which no more text will come. */
  lost(node: PooledNode, batch: BatchId, message: string): void
}

export function createStreams({ pipelines, now, onTextOf, isTrusted, lost }: StreamParts) {
  const batches = createTable<BatchId, BatchStream>()
  const texts = new WeakMap<Payload, ItemText>()
  /** The item whose text a query's client gets. */
  const streamed = createTable<QueryId, ItemText>()
  let timer: ReturnType<typeof setInterval> | undefined

  /** Ends batches that were silent for too long. */
  function checkSilence(): void {
    const nowMs = now()
    for (const { batch, node, lastTextMs, patienceMs } of batches.values()) {
      if (nowMs - lastTextMs < patienceMs) continue
      batches.delete(batch)
      lost(node, batch, `The node was silent for ${Math.round(patienceMs)} ms`)
    }
    if (batches.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  function textOf(
    payload: Payload,
    query: QueryId,
    { batch, context, isLast }: { batch: BatchId; context: number; isLast: boolean },
  ): ItemText {
    const before = texts.get(payload)
    if (before !== undefined) return Object.assign(before, { batch })
    const made: ItemText = { ids: [], text: '', context, batch, onText: undefined }
    texts.set(payload, made)
    if (isLast && !streamed.has(query)) {
      made.onText = onTextOf(query)
      if (made.onText !== undefined) streamed.set(query, made)
    }
    return made
  }

  /** Appends the new text. False where it does not follow the text before, or is too long. */
  function append(one: ItemText, { from, ids, at, text }: Said): boolean {
    const newIds = one.ids.length - from
    const newText = one.text.length - at
    if (newIds < 0 || newText < 0 || from + ids.length > one.context) return false
    if (at + text.length > one.context * MOST_PER_TOKEN) return false
    const piece = text.slice(newText)
    const more = ids.slice(newIds)
    for (const id of more) one.ids.push(id)
    one.text += piece
    if (piece !== '' || more.length > 0) one.onText?.({ text: piece, ids: more })
    return true
  }

  return {
    /** Notes a batch that is sent. Returns the tokens that each of its items goes on behind. */
    sent(command: Dispatch, node: PooledNode): (readonly number[] | undefined)[] | undefined {
      const pipeline = pipelines.get(command.pipeline)
      const task = pipeline?.tasks[command.task]
      if (pipeline === undefined || task?.kind !== GENERATE) return undefined
      const leftMs = command.deadlineMs - now()
      const mostMs = isTrusted(node, command) ? SILENT.mostMs : Infinity
      const patienceMs = Math.min(Math.max(SILENT.share * leftMs, SILENT.leastMs), mostMs)
      const { batch, items } = command
      batches.set(batch, { batch, node, ref: command, items, lastTextMs: now(), patienceMs })
      timer ??= setInterval(checkSilence, CHECK_MS)
      const isLast = generatingTask(pipeline) === command.task
      const { context } = generateTaskOf(task)
      return items.map(({ query, payload }) => {
        if (query === '') return undefined
        const { ids } = textOf(payload as Payload, query, { batch, context, isLast })
        return ids.length > 0 ? ids : undefined
      })
    },

    /** Takes a node's next pieces of text. */
    add(node: PooledNode, batch: BatchId, items: readonly Said[]): void {
      const stream = batches.get(batch)
      if (stream === undefined || stream.node !== node) return
      if (!isTrusted(node, stream.ref)) return
      stream.lastTextMs = now()
      for (const piece of items) {
        const payload = stream.items[piece.item]?.payload as Payload | undefined
        const one = payload && texts.get(payload)
        if (one?.batch !== batch) continue
        if (append(one, piece)) continue
        batches.delete(batch)
        return lost(node, batch, 'The text of the node does not follow the text before')
      }
    },

    /** Forgets a batch that has ended. */
    ended: (batch: BatchId): void => void batches.delete(batch),

    /** Forgets a query whose client has left. */
    forget: (query: QueryId): void => void streamed.delete(query),

    /** Passes on the rest of a query's text. An answer other than the text so far is refused. */
    close(query: QueryId, answer: Answer): Answer {
      const one = streamed.get(query)
      streamed.delete(query)
      if (one?.onText === undefined || !answer.ok) return answer
      const item = answer.items.find(({ payload }) => texts.get(payload as Payload) === one)
      const { text: whole, ids: all } = (item?.result ?? {}) as Partial<Generated>
      // The result comes from a node, and may be of any shape.
      if (typeof whole === 'string' && Array.isArray(all) && whole.startsWith(one.text)) {
        const ids = all.slice(one.ids.length)
        const text = whole.slice(one.text.length)
        if (text !== '' || ids.length > 0) one.onText({ text, ids })
        return answer
      }
      const message = 'Cannot end the answer: it differs from the text that was sent before'
      return { ok: false, reason: 'node_failed', message }
    },

    stop: () => clearInterval(timer),
  }
}

export type Streams = ReturnType<typeof createStreams>
