/** What a scheduler has under way and what became of it, from its events and commands. @module */
import type { BatchId, Handle, PolicyCommand, PolicyEvent } from '../../policy/core/types.ts'
import type { QueryId, Scheduler } from '../../policy/core/types.ts'
import { count, type Counts, sumOf, watching } from '../tools.ts'

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
  items: readonly { query: QueryId; payload: Handle }[]
}

interface Strike {
  node: string
  atMs: number
  items: LostItem[]
}

export function createLedger(now: () => number = () => performance.now()) {
  const running = new Map<BatchId, Running>()
  const answered = new Map<QueryId, number>()
  const strikes: Strike[] = []
  const finishers: { node: string; from: BatchId; done: () => void }[] = []
  const waiting = new Set<() => void>()
  let newest: BatchId = 0

  /** Each item that one of these strikes hit. */
  function eachLost(items: Running['items'], told: (item: LostItem, strike: Strike) => void): void {
    for (const strike of strikes) {
      for (const item of strike.items) {
        if (items.some(({ payload }) => payload === item.payload)) told(item, strike)
      }
    }
  }

  function takeBack(batch: BatchId, because: string): void {
    const { node, items } = running.get(batch) ?? { node: '', items: [] }
    running.delete(batch)
    eachLost(items, (item, strike) => {
      if (node !== strike.node || item.noticedMs !== undefined) return
      Object.assign(item, { noticedMs: now() - strike.atMs, because })
    })
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
    eachLost(ended.items, (item, { node }) => {
      if (node === ended.node) item.finished = true
    })
    for (const { node, from, done } of finishers) {
      if (node === ended.node && event.batch > from) done()
    }
  }

  function after(command: PolicyCommand): void {
    if (command.type === 'cancel_batch') takeBack(command.batch, 'overdue: given up')
    if (command.type === 'dispatch') {
      const { batch, node, items } = command
      newest = batch
      running.set(batch, { node, items })
      eachLost(items, (item, strike) => {
        if (strike.node !== node) item.requeuedMs ??= now() - strike.atMs
      })
    }
    if (command.type !== 'answer') return
    answered.set(command.query, (answered.get(command.query) ?? 0) + 1)
    for (const { atMs, items } of strikes) {
      for (const item of items) {
        if (item.query === command.query) item.answeredMs ??= now() - atMs
      }
    }
  }

  return {
    wrap(scheduler: Scheduler): Scheduler {
      const watched = watching(scheduler, before, after)
      return {
        ...watched,
        handle(...heard) {
          const commands = watched.handle(...heard)
          for (const look of waiting) look()
          return commands
        },
      }
    },
    /** Items that a node runs right now. */
    countOn: (wanted: string): number =>
      sumOf([...running.values()].map(({ node, items }) => node === wanted ? items.length : 0)),
    /** A fault befalls the node now: what it has is followed from here on. */
    strike(node: string): LostItem[] {
      const items: LostItem[] = [...running.values()].flatMap((batch) =>
        batch.node === node ? batch.items.map(({ query, payload }) => ({ query, payload })) : []
      )
      strikes.push({ node, atMs: now(), items })
      return items
    },
    /** Resolves when a batch that the node is sent from now on has come back. */
    finishedOn: (node: string) =>
      new Promise<void>((done) => void finishers.push({ node, from: newest, done })),
    /** Resolves when this holds after an event. */
    until: (holds: () => boolean) =>
      new Promise<void>((done) => {
        const look = () => {
          if (!holds()) return
          waiting.delete(look)
          done()
        }
        waiting.add(look)
        look()
      }),
    /** Queries since the last such call, by the number of answers that they got. */
    takeAnswers(): Counts {
      const counts: Counts = {}
      for (const times of answered.values()) count(counts, times)
      answered.clear()
      strikes.length = finishers.length = 0
      return counts
    },
  }
}
