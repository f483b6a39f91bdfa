/**
 * One query inside: its tree of items, what served them, and the answer made of it.
 *
 * @module
 */
import type {
  Answer,
  BatchId,
  FinishedItem,
  Handle,
  ItemOutcome,
  NodeId,
  QueryId,
  StageRecord,
} from './types.ts'
import type { Urgent } from './queue.ts'
import {
  levelOf,
  type PipelineShape,
  type Prefix,
  type TaskShape,
  type VariantShape,
  type Way,
} from './shape.ts'

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
}

/** What a query still needs at the least; see `backlog.ts`. */
export interface Rest {
  /** The epoch of the capacity that it is good for; `UNKNOWN` once the query changed. */
  epoch: number
  /** Time of the whole pool for what waits, and for what running items will hand on. */
  poolMs: number
  /** Time of those slots that serve first items, for the query's own while it waits. */
  firstMs: number
  /** Length of the longest chain of what waits, with the pool idle. */
  chainMs: number
  /** The same without first items: while these run, others' work ahead of what follows is done. */
  afterMs: number
  /** When the last of what runs, with all that follows from it, can end. */
  runningEndMs: number
  /** False while some of it can be served by no slot. */
  servable: boolean
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
  /** When that is used up. After it the query is served all the same, until its deadline. */
  dueMs: number
  /** How much it tells of the share that is planned with; see `lesson.ts`. */
  lesson: number
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
}

/** An epoch that no capacity has. */
export const UNKNOWN = -1

/** What the query still needs is no longer what it was. */
export function unsettle({ rest }: Query): void {
  rest.epoch = UNKNOWN
}

export function createQuery(
  given:
    & Pick<Query, 'id' | 'seq' | 'shape' | 'deadlineMs' | 'laxityMs' | 'dueMs' | 'lesson'>
    & { minAccuracy: number | undefined; payload: Handle },
  nowMs: number,
): Query {
  const query: Query = {
    id: given.id,
    seq: given.seq,
    ordinal: 0,
    deadlineMs: given.deadlineMs,
    shape: given.shape,
    arrivedMs: nowMs,
    laxityMs: given.laxityMs,
    dueMs: given.dueMs,
    lesson: given.lesson,
    level: levelOf(given.shape, given.minAccuracy),
    root: undefined as unknown as Item,
    items: [],
    openCount: 0,
    firstOpen: 0,
    waiting: given.shape.tasks.map(() => 0),
    stages: [],
    lowered: 0,
    served: [],
    closed: false,
    rest: {
      ...{ epoch: UNKNOWN, poolMs: 0, firstMs: 0, chainMs: 0, afterMs: 0 },
      ...{ runningEndMs: 0, servable: true },
    },
    scan: 0,
    aheadMs: 0,
    firstAheadMs: 0,
    slackMs: Infinity,
  }
  query.root = addItem(query, given.shape.start, given.payload, nowMs)
  return query
}

/** Of items that have none. */
const NO_CHILDREN: Item[][] = []

function addItem(
  query: Query,
  way: Way,
  payload: Handle,
  nowMs: number,
): Item {
  const item: Item = {
    deadlineMs: query.deadlineMs,
    seq: query.seq,
    ordinal: query.items.length,
    query,
    task: way.task,
    way,
    prefix: null,
    payload,
    result: undefined,
    children: NO_CHILDREN,
    state: 'queued',
    attempts: 0,
    queuedAtMs: nowMs,
    batch: null,
    bound: null,
    endsAtMs: 0,
    failedOn: null,
  }
  query.items.push(item)
  query.openCount++
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

/** What a walk over the items of a query adds up. */
interface Sums {
  leaves: number
  leafSum: number
  /** Items that handed nothing on, though they might have. */
  ends: number
  endSum: number
}

function addUp(item: Item, sums: Sums): void {
  const { children } = item
  const accuracy = item.prefix?.accuracy ?? 0
  if (item.task.next.length === 0) {
    sums.leaves++
    sums.leafSum += accuracy
    return
  }
  let any = false
  for (const branch of children) {
    for (const child of branch) {
      any = true
      addUp(child, sums)
    }
  }
  if (any) return
  sums.ends++
  sums.endSum += accuracy
}

/**
 * Mean path accuracy over the leaf items. Where no leaf was reached (a detector found nothing), the
 * mean over the items that handed nothing on, each at the accuracy of its prefix.
 */
export function accuracyOf(query: Query): number {
  const sums: Sums = { leaves: 0, leafSum: 0, ends: 0, endSum: 0 }
  addUp(query.root, sums)
  const { leaves, leafSum, ends, endSum } = sums
  return leaves > 0 ? leafSum / leaves : endSum / ends
}

/** Depth first, in reading order. */
function list(
  { task, payload, result, children }: Item,
  parent: number,
  into: FinishedItem[],
): void {
  const position = into.length
  into.push({ task: task.name, parent, payload, result })
  for (const branch of children) {
    for (const child of branch) list(child, position, into)
  }
}

/** The answer of a query whose items are all done. */
export function answerOf(query: Query): Extract<Answer, { ok: true }> {
  const items: FinishedItem[] = []
  list(query.root, -1, items)
  const path: { [task: string]: { [variant: string]: number } } = {}
  for (const task of query.shape.tasks) {
    for (const { variant, items } of query.served) {
      if (variant.task !== task) continue
      const variants = path[task.name] ??= {}
      variants[variant.ref.variant] = items
    }
  }
  return { ok: true, accuracy: accuracyOf(query), path, stages: query.stages, items }
}
