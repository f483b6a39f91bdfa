/**
 * One query inside: its tree of items, and what served them.
 *
 * @module
 */
import { fresh, zeros } from '../core/fresh.ts'
import {
  levelOf,
  type PipelineShape,
  type Prefix,
  type TaskShape,
  type VariantShape,
  type Way,
} from '../core/graph.ts'
import type { BatchId, Handle, ItemOutcome, NodeId, QueryId, StageRecord } from '../core/types.ts'
import type { Urgent } from './queue.ts'

export interface Item extends Urgent {
  query: Query
  task: TaskShape
  /** Which variants served its ancestors, and so what it may be served with. */
  way: Way
  /** The variants that served it and its ancestors, once it is. */
  prefix: Prefix | null
  payload: Handle
  result: Handle
  /** For each child task in the order of `next`, in reading order. */
  children: Item[][]
  state: 'queued' | 'running' | 'done'
  /** Times dispatched. */
  attempts: number
  queuedAtMs: number
  /** While running: its batch, the variant bound, and when the result is expected. */
  batch: BatchId | null
  bound: Prefix | null
  endsAtMs: number
  /** Where it failed last. */
  failedOn: NodeId | null
  /** A slot that was to do it has not the memory: others do it without leaving it to each other. */
  passedOver: boolean
  /** Batches that came to nothing with it. */
  failures: readonly Failure[]
}

/** A node came to nothing with a batch. */
export interface Failure {
  node: NodeId
  variant: VariantShape
  sentMs: number
}

/** Whether it is as good as any slot's: none failed at it or had to leave it. */
export const isAnyones = ({ attempts, passedOver }: Item): boolean => attempts === 0 && !passedOver

/** What a query still needs at the least; see `next/deadline_test.ts`. */
export interface Rest {
  /** The epoch of the capacity that it is good for; `UNKNOWN` once the query changed. */
  epoch: number
  /** Of the stations' work that of the one that has most to do. */
  poolMs: number
  /** Length of the longest chain of what waits, with the pool idle. */
  chainMs: number
  /** When the last of what runs, with all that follows from it, can end. */
  runningEndMs: number
  /** Of each station, for what follows items that are not done. */
  lockedMs: number[]
  /** How long it takes until each station is first needed. */
  leadMs: number[]
  /** Of the chain, in ms². */
  variance: number
  /** False while some of it can be served by no slot. */
  servable: boolean
  /** The last deadline test found it to be late even by its quickest path. */
  isLate: boolean
  /** What each station has to do for what waits, and for what running items will hand on. */
  stationMs: number[]
}

export interface Query extends Urgent {
  id: QueryId
  shape: PipelineShape
  arrivedMs: number
  /**
   * Time beyond what the quickest way through an idle pool took when it arrived, as far as it may be
   * used: who gives more than the pipeline's SLO does not ask to be kept waiting for it.
   */
  laxityMs: number
  /** Least path accuracy, as position in `shape.levels`. */
  level: number
  root: Item
  /** In the order of creation: each stands at its ordinal. */
  items: Item[]
  /** Items queued or running; none of them stands before `firstOpen`. */
  openCount: number
  firstOpen: number
  /** Items queued, by position of the task. */
  waiting: number[]
  /** Items so far, by depth of the task. */
  countAt: number[]
  stages: StageRecord[]
  /** Items that had no time for the variant that the mix wanted. */
  lowered: number
  /** Items by variant, in the order in which each first served one. */
  served: { variant: VariantShape; items: number }[]
  /** Answered or cancelled: whatever still comes for it is ignored. */
  closed: boolean
  /** Kept up only while it is known: not between a change and the next scan. */
  rest: Rest
  /** The scan of the backlog that `aheadMs` and `slackMs` are of; see `aheadOf`. */
  scan: number
  /** Set by a scan of the backlog: time of the pool for what goes before it. */
  aheadMs: number
  /** Likewise, of first items alone. */
  firstAheadMs: number
  /** Likewise: how much later it could go and end in time, with its margin; infinite if it needs none. */
  slackMs: number
  /** Likewise: time of the pool that others may take before it, and that it may take itself; see `budgetOf`. */
  spareMs: number
  budgetMs: number
}

/** An epoch that no capacity has. */
export const UNKNOWN = -1

/** What the query still needs is no longer what it was. */
export function unsettle({ rest }: Query): void {
  rest.epoch = UNKNOWN
}

type Given =
  & Pick<Query, 'id' | 'seq' | 'shape' | 'deadlineMs' | 'laxityMs'>
  & { minAccuracy: number | undefined; payload: Handle }

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** From constructors, and with lists that no literal made: see `fresh.ts`. */
interface NewQuery extends Writable<Query> {}
class NewQuery {
  constructor(given: Given, nowMs: number) {
    this.id = given.id
    this.seq = given.seq
    this.ordinal = 0
    this.deadlineMs = given.deadlineMs
    this.shape = given.shape
    this.arrivedMs = nowMs
    this.laxityMs = given.laxityMs
    this.level = levelOf(given.shape, given.minAccuracy)
    this.items = fresh()
    this.openCount = 0
    this.firstOpen = 0
    this.waiting = given.shape.tasks.map(() => 0)
    this.countAt = fresh()
    this.stages = fresh()
    this.lowered = 0
    this.served = fresh()
    this.closed = false
    this.rest = new NewRest()
    this.scan = 0
    this.aheadMs = 0
    this.firstAheadMs = 0
    this.slackMs = Infinity
    this.spareMs = Infinity
    this.budgetMs = NaN
    this.root = addItem(this, given.shape.start, given.payload, nowMs)
  }
}

class NewRest implements Rest {
  epoch = UNKNOWN
  poolMs = 0
  chainMs = 0
  runningEndMs = 0
  variance = 0
  lockedMs: number[] = fresh()
  leadMs: number[] = zeros(0)
  servable = true
  isLate = false
  stationMs: number[] = fresh()
}

export const createQuery = (given: Given, nowMs: number): Query => new NewQuery(given, nowMs)

/** Of items that have none. */
const NO_CHILDREN: Item[][] = []
const NO_FAILURES: Failure[] = []

interface NewItem extends Writable<Item> {}
class NewItem {
  constructor(query: Query, way: Way, payload: Handle, nowMs: number) {
    this.deadlineMs = query.deadlineMs
    this.seq = query.seq
    this.ordinal = query.items.length
    this.query = query
    this.task = way.task
    this.way = way
    this.prefix = null
    this.payload = payload
    this.result = undefined
    this.children = NO_CHILDREN
    this.state = 'queued'
    this.attempts = 0
    this.queuedAtMs = nowMs
    this.batch = null
    this.bound = null
    this.endsAtMs = 0
    this.failedOn = null
    this.passedOver = false
    this.failures = NO_FAILURES
  }
}

function addItem(query: Query, way: Way, payload: Handle, nowMs: number): Item {
  const item = new NewItem(query, way, payload, nowMs)
  query.items.push(item)
  query.openCount++
  query.countAt[way.task.depth] = (query.countAt[way.task.depth] ?? 0) + 1
  unsettle(query)
  return item
}

/**
 * Takes in the result of an item. Its child items are queued from now on: those of each child task
 * are in `children`. Children for tasks that do not follow this one are ignored.
 */
export function serveItem(
  item: Item,
  prefix: Prefix,
  outcome: Extract<ItemOutcome, { ok: true }>,
  nowMs: number,
): void {
  const { query } = item
  const { items } = query
  item.state = 'done'
  item.prefix = prefix
  item.result = outcome.result
  item.batch = null
  query.openCount--
  while (query.firstOpen < items.length && items[query.firstOpen]!.state === 'done') {
    query.firstOpen++
  }
  unsettle(query)
  countServed(query, prefix.variant)
  if (prefix.ways.length === 0) return
  item.children = prefix.ways.map((way) => {
    const payloads = outcome.children[way.task.name] ?? []
    return payloads.map((payload) => addItem(query, way, payload, nowMs))
  })
}

function countServed({ served }: Query, variant: VariantShape): void {
  for (const row of served) {
    if (row.variant !== variant) continue
    row.items++
    return
  }
  served.push({ variant, items: 1 })
}
