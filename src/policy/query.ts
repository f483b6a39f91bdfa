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
import { levelOf, type PipelineShape, type Prefix, type TaskShape } from './shape.ts'

export interface Item extends Urgent {
  query: Query
  task: TaskShape
  parent: Item | null
  /** The variants that served its ancestors; null at the root. */
  above: Prefix | null
  /** The same with its own variant, once served. */
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

/** What a query still needs at the least; see `backlog.ts`. Good for one epoch of the capacity. */
export interface Rest {
  epoch: number
  /** Time of the whole pool for what waits, and for what running items will hand on. */
  poolMs: number
  /** Length of the longest chain of what waits, with the pool idle. */
  chainMs: number
  /** When the last of what runs, with all that follows from it, can end. */
  runningEndMs: number
  /** False while some of it can be served by no slot. */
  servable: boolean
}

export interface Query extends Urgent {
  id: QueryId
  shape: PipelineShape
  arrivedMs: number
  /** Time beyond what the quickest way through an idle pool took when it arrived. */
  laxityMs: number
  /** Least path accuracy, as position in `shape.levels`. */
  level: number
  root: Item
  /** Items queued or running. */
  open: Set<Item>
  nextOrdinal: number
  /** Items queued, by task. */
  waiting: Map<TaskShape, number>
  stages: StageRecord[]
  served: Map<string, Map<string, number>>
  /** Answered or cancelled: whatever still comes for it is ignored. */
  closed: boolean
  rest: Rest | null
  /** The scan of the backlog that `aheadMs` and `slackMs` are of; see `aheadOf`. */
  scan: number
  /** Set by a scan of the backlog: time of the pool for what goes before it. */
  aheadMs: number
  /** Likewise: how much later it could go and still end in time; infinite where it takes no time. */
  slackMs: number
}

export function createQuery(
  given: {
    id: QueryId
    seq: number
    shape: PipelineShape
    deadlineMs: number
    minAccuracy: number | undefined
    payload: Handle
    laxityMs: number
  },
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
    level: levelOf(given.shape, given.minAccuracy),
    root: undefined as unknown as Item,
    open: new Set(),
    nextOrdinal: 0,
    waiting: new Map(),
    stages: [],
    served: new Map(),
    closed: false,
    rest: null,
    scan: 0,
    aheadMs: 0,
    slackMs: Infinity,
  }
  query.root = addItem(query, given.shape.root, null, given.payload, nowMs)
  return query
}

function addItem(
  query: Query,
  task: TaskShape,
  parent: Item | null,
  payload: Handle,
  nowMs: number,
): Item {
  const item: Item = {
    deadlineMs: query.deadlineMs,
    seq: query.seq,
    ordinal: query.nextOrdinal++,
    query,
    task,
    parent,
    above: parent?.prefix ?? null,
    prefix: null,
    payload,
    result: undefined,
    children: task.next.map(() => []),
    state: 'queued',
    attempts: 0,
    queuedAtMs: nowMs,
    batch: null,
    bound: null,
    endsAtMs: 0,
    failedOn: null,
  }
  query.open.add(item)
  query.rest = null
  return item
}

/**
 * Takes in the result of an item and returns its child items, queued from now on. Children for
 * tasks that do not follow this one are ignored.
 */
export function serveItem(
  item: Item,
  prefix: Prefix,
  outcome: Extract<ItemOutcome, { ok: true }>,
  nowMs: number,
): Item[] {
  const { query, task } = item
  item.state = 'done'
  item.prefix = prefix
  item.result = outcome.result
  item.batch = null
  query.open.delete(item)
  query.rest = null
  const variants = query.served.get(task.name) ?? new Map<string, number>()
  query.served.set(task.name, variants)
  const { variant } = prefix.variant.ref
  variants.set(variant, (variants.get(variant) ?? 0) + 1)
  item.children = task.next.map((child) =>
    (outcome.children[child.name] ?? []).map((payload) =>
      addItem(query, child, item, payload, nowMs)
    )
  )
  return item.children.flat()
}

/**
 * Mean path accuracy over the leaf items. Where no leaf was reached (a detector found nothing), the
 * mean over the items that handed nothing on, each at the accuracy of its prefix.
 */
export function accuracyOf(query: Query): number {
  let leaves = 0
  let leafSum = 0
  let ends = 0
  let endSum = 0
  const visit = (item: Item) => {
    const accuracy = item.prefix?.accuracy ?? 0
    if (item.task.next.length === 0) {
      leaves++
      leafSum += accuracy
    } else if (item.children.every((branch) => branch.length === 0)) {
      ends++
      endSum += accuracy
    }
    for (const branch of item.children) branch.forEach(visit)
  }
  visit(query.root)
  return leaves > 0 ? leafSum / leaves : endSum / ends
}

/** The answer of a query whose items are all done. */
export function answerOf(query: Query): Extract<Answer, { ok: true }> {
  const items: FinishedItem[] = []
  const visit = (item: Item, parent: number) => {
    const position = items.length
    items.push({ task: item.task.name, parent, payload: item.payload, result: item.result })
    for (const branch of item.children) branch.forEach((child) => visit(child, position))
  }
  visit(query.root, -1)
  const path: { [task: string]: { [variant: string]: number } } = {}
  for (const { name } of query.shape.tasks) {
    const variants = query.served.get(name)
    if (variants !== undefined) path[name] = Object.fromEntries(variants)
  }
  return { ok: true, accuracy: accuracyOf(query), path, stages: query.stages, items }
}
