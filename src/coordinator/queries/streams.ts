/**
 * Answers that are not whole yet: what was said of each so far. It goes to the client at once, and to the
 * next node where one is lost, which goes on behind it: so the client sees neither repetition nor gap.
 *
 * Of a node whose results are checked first nothing is passed on before its answer is confirmed.
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

/** More of the text of an answer: `ids` are the tokens that brought it. */
export interface Heard {
  text: string
  ids: readonly number[]
}

export type Hear = (heard: Heard) => void

/**
 * A node that says nothing for so long has lost the batch: ms, and of the time left when it was sent. One
 * that is checked first has to be done by then: that it lives is its word, too.
 */
const SILENT = { leastMs: 1000, mostMs: 5000, share: 1 / 3 }
/** Most UTF-16 code units of text for each token of a context: none has so long words. */
const MOST_PER_TOKEN = 64
/** How often that is looked at. */
const LOOK_MS = 250

/** Of one item. */
interface Told {
  ids: number[]
  text: string
  /** Tokens that its task can have. */
  context: number
  /** The batch whose node is listened to. */
  speaker: BatchId
  hear: Hear | undefined
}

interface Speech {
  batch: BatchId
  node: PooledNode
  ref: VariantRef
  items: Dispatch['items']
  heardMs: number
  patienceMs: number
}

export interface StreamParts {
  pipelines: ReadonlyMap<string, Pipeline>
  now: () => number
  /** Who wants to hear of a query as it is said. */
  hearOf(query: QueryId): Hear | undefined
  /** What the node says of this variant is taken unchecked. */
  isTrusted(node: PooledNode, ref: VariantRef): boolean
  /** Nothing more will come of a batch there. */
  lost(node: PooledNode, batch: BatchId, message: string): void
}

export function createStreams({ pipelines, now, hearOf, isTrusted, lost }: StreamParts) {
  const speeches = createTable<BatchId, Speech>()
  const told = new WeakMap<Payload, Told>()
  /** The item whose text a query's client hears. */
  const heard = createTable<QueryId, Told>()
  let timer: ReturnType<typeof setInterval> | undefined

  /** Ends what nothing is heard of. */
  function look(): void {
    const nowMs = now()
    for (const { batch, node, heardMs, patienceMs } of speeches.values()) {
      if (nowMs - heardMs < patienceMs) continue
      speeches.delete(batch)
      lost(node, batch, `The node said nothing for ${Math.round(patienceMs)} ms`)
    }
    if (speeches.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  function toldOf(
    payload: Payload,
    query: QueryId,
    { speaker, context, isLast }: { speaker: BatchId; context: number; isLast: boolean },
  ): Told {
    const known = told.get(payload)
    if (known !== undefined) return Object.assign(known, { speaker })
    const made: Told = { ids: [], text: '', context, speaker, hear: undefined }
    told.set(payload, made)
    if (isLast && !heard.has(query)) {
      made.hear = hearOf(query)
      if (made.hear !== undefined) heard.set(query, made)
    }
    return made
  }

  /** Takes in what is new of it. False where it does not follow what was said before, or is too much. */
  function listen(one: Told, { from, ids, at, text }: Said): boolean {
    const newIds = one.ids.length - from
    const newText = one.text.length - at
    if (newIds < 0 || newText < 0 || from + ids.length > one.context) return false
    if (at + text.length > one.context * MOST_PER_TOKEN) return false
    const piece = text.slice(newText)
    const more = ids.slice(newIds)
    for (const id of more) one.ids.push(id)
    one.text += piece
    if (piece !== '' || more.length > 0) one.hear?.({ text: piece, ids: more })
    return true
  }

  return {
    /** A batch goes out: what each of its items is to go on behind, by position. */
    sent(command: Dispatch, node: PooledNode): (readonly number[] | undefined)[] | undefined {
      const pipeline = pipelines.get(command.pipeline)
      const task = pipeline?.tasks[command.task]
      if (pipeline === undefined || task?.kind !== GENERATE) return undefined
      const leftMs = command.deadlineMs - now()
      const mostMs = isTrusted(node, command) ? SILENT.mostMs : Infinity
      const patienceMs = Math.min(Math.max(SILENT.share * leftMs, SILENT.leastMs), mostMs)
      const { batch, items } = command
      speeches.set(batch, { batch, node, ref: command, items, heardMs: now(), patienceMs })
      timer ??= setInterval(look, LOOK_MS)
      const isLast = generatingTask(pipeline) === command.task
      const { context } = generateTaskOf(task)
      return items.map(({ query, payload }) => {
        if (query === '') return undefined
        const { ids } = toldOf(payload as Payload, query, { speaker: batch, context, isLast })
        return ids.length > 0 ? ids : undefined
      })
    },

    said(node: PooledNode, batch: BatchId, items: readonly Said[]): void {
      const speech = speeches.get(batch)
      if (speech === undefined || speech.node !== node) return
      if (!isTrusted(node, speech.ref)) return
      speech.heardMs = now()
      for (const said of items) {
        const payload = speech.items[said.item]?.payload as Payload | undefined
        const one = payload && told.get(payload)
        if (one?.speaker !== batch) continue
        if (listen(one, said)) continue
        speeches.delete(batch)
        return lost(node, batch, 'What the node said does not follow what was said before')
      }
    },

    /** A batch has ended, however that was. */
    ended: (batch: BatchId): void => void speeches.delete(batch),

    /** Its client is gone. */
    forget: (query: QueryId): void => void heard.delete(query),

    /** Says the rest of a query's text. An answer that is not what was said is none. */
    close(query: QueryId, answer: Answer): Answer {
      const one = heard.get(query)
      heard.delete(query)
      if (one?.hear === undefined || !answer.ok) return answer
      const item = answer.items.find(({ payload }) => told.get(payload as Payload) === one)
      const { text: whole, ids: all } = (item?.result ?? {}) as Partial<Generated>
      // It is a node's word, whoever confirmed it.
      if (typeof whole === 'string' && Array.isArray(all) && whole.startsWith(one.text)) {
        const ids = all.slice(one.ids.length)
        const text = whole.slice(one.text.length)
        if (text !== '' || ids.length > 0) one.hear({ text, ids })
        return answer
      }
      const message = 'Cannot end the answer: it is another than what was said of it before'
      return { ok: false, reason: 'node_failed', message }
    },

    stop: () => clearInterval(timer),
  }
}

export type Streams = ReturnType<typeof createStreams>
