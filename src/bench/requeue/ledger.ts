/**
 * What a scheduler has under way and what became of it, written down from its events and commands.
 *
 * @module
 */
import type { BatchId, Handle, PolicyEvent, QueryId, Scheduler } from '../../policy/core/types.ts'

/** An item that a node had at the time of a fault. */
export interface LostItem {
  query: QueryId
  payload: Handle
  /** From the fault to when the scheduler took it back, and why it did. */
  noticedMs?: number
  because?: string
  /** From the fault to its dispatch to another node. */
  requeuedMs?: number
  /** From the fault to its query's answer. */
  answeredMs?: number
  /** The node finished it nevertheless. */
  finished?: boolean
}

interface Running {
  node: string
  items: { query: QueryId; payload: Handle }[]
}

export interface Ledger {
  wrap(scheduler: Scheduler): Scheduler
  /** Items that a node runs right now. */
  countOn(node: string): number
  /** A fault befalls the node now: what it has is followed from here on. */
  strike(node: string): LostItem[]
  /** Resolves when a batch that the node is sent from now on has come back. */
  finishedOn(node: string): Promise<void>
  /** Resolves when this holds after an event. */
  until(holds: () => boolean): Promise<void>
  /** Queries since the last such call, by the number of answers that they got. */
  takeAnswers(): { [count: number]: number }
}

export function createLedger(now: () => number = () => performance.now()): Ledger {
  const running = new Map<BatchId, Running>()
  const answered = new Map<QueryId, number>()
  const strikes: { node: string; atMs: number; items: LostItem[] }[] = []
  const finishers: { node: string; from: BatchId; done: () => void }[] = []
  const waiting = new Set<() => void>()
  let newest: BatchId = 0

  function takeBack(batch: BatchId, because: string): void {
    const ended = running.get(batch)
    running.delete(batch)
    if (ended === undefined) return
    for (const { payload } of ended.items) {
      for (const { node, atMs, items } of strikes) {
        const item = items.find((item) => item.payload === payload)
        if (item === undefined || node !== ended.node || item.noticedMs !== undefined) continue
        item.noticedMs = now() - atMs
        item.because = because
      }
    }
  }

  function takeAllBack(node: string, because: string): void {
    for (const [batch, one] of [...running]) if (one.node === node) takeBack(batch, because)
  }

  function before(event: PolicyEvent): void {
    if (event.type === 'query_arrived') answered.set(event.query, 0)
    if (event.type === 'batch_failed') takeBack(event.batch, event.message)
    if (event.type === 'node_left') takeAllBack(event.node, 'its link closed')
    if (event.type === 'node_joined') takeAllBack(event.node, 'it joined anew')
    if (event.type !== 'batch_finished') return
    const ended = running.get(event.batch)
    running.delete(event.batch)
    if (ended === undefined) return
    for (const { payload } of ended.items) {
      for (const { node, items } of strikes) {
        const item = items.find((item) => item.payload === payload)
        if (item !== undefined && node === ended.node) item.finished = true
      }
    }
    for (const finisher of finishers) {
      if (finisher.node === ended.node && event.batch > finisher.from) finisher.done()
    }
  }

  return {
    wrap(scheduler) {
      return {
        ...scheduler,
        handle(event, nowMs) {
          before(event)
          const commands = scheduler.handle(event, nowMs)
          for (const command of commands) {
            if (command.type === 'cancel_batch') takeBack(command.batch, 'overdue: given up')
            if (command.type === 'dispatch') {
              const { batch, node, items } = command
              newest = batch
              running.set(batch, { node, items })
              for (const strike of strikes) {
                if (strike.node === node) continue
                for (const item of strike.items) {
                  if (item.requeuedMs !== undefined) continue
                  if (!items.some(({ payload }) => payload === item.payload)) continue
                  item.requeuedMs = now() - strike.atMs
                }
              }
            }
            if (command.type === 'answer') {
              answered.set(command.query, (answered.get(command.query) ?? 0) + 1)
              for (const { atMs, items } of strikes) {
                for (const item of items) {
                  if (item.query === command.query) item.answeredMs ??= now() - atMs
                }
              }
            }
          }
          for (const look of waiting) look()
          return commands
        },
      }
    },
    countOn(wanted) {
      let count = 0
      for (const { node, items } of running.values()) if (node === wanted) count += items.length
      return count
    },
    strike(node) {
      const items: LostItem[] = [...running.values()].filter((batch) => batch.node === node)
        .flatMap((batch) => batch.items.map(({ query, payload }) => ({ query, payload })))
      strikes.push({ node, atMs: now(), items })
      return items
    },
    finishedOn: (node) => new Promise((done) => void finishers.push({ node, from: newest, done })),
    until: (holds) =>
      new Promise((done) => {
        const look = () => {
          if (!holds()) return
          waiting.delete(look)
          done()
        }
        waiting.add(look)
        look()
      }),
    takeAnswers() {
      const counts: { [count: number]: number } = {}
      for (const count of answered.values()) counts[count] = (counts[count] ?? 0) + 1
      answered.clear()
      strikes.length = finishers.length = 0
      return counts
    },
  }
}
