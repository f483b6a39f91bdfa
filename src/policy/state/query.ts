/**
 * One query inside: its tree of items, and what served them.
 *
 *     query:  arrived -> refused
 *             arrived -> inside -> answered | failed | cancelled      (admit/registry.ts)
 *
 *     item:   queued -> running -> done
 *                ^         |
 *                +---------+  its batch failed, was given up or was taken back
 *
 * @module
 */
import { fresh, zeros } from '../core/fresh.ts'
import { levelOf, type PipelineShape, type Prefix, type TaskShape } from '../core/graph.ts'
import type { Prefer } from '../core/elastic.ts'
import type { Gather } from '../core/options.ts'
import type { VariantShape, Way } from '../core/graph.ts'
import type { BatchId, Handle, ItemOutcome, NodeId, QueryId, StageRecord } from '../core/types.ts'
import type { Urgent } from './queue.ts'

/** A node came to nothing with a batch. */
export interface Failure {
  node: NodeId
  variant: VariantShape
  sentMs: number
}

/** An item was offered to all slots with room, and is worth more later. */
export interface Left {
  /** When, and at which look. */
  atMs: number
  look: number
  /** Index of the group that it is left to, and ms of its slots that an item takes. */
  group: number
  costMs: number
  /** What is due before that is for others, too. */
  dueMs: number
}

const NO_CHILDREN: Item[][] = []
const NO_ITEMS: readonly Item[] = []
const NO_FAILURES: Failure[] = []

export class Item implements Urgent {
  readonly deadlineMs: number
  readonly seq: number
  readonly ordinal: number
  readonly task: TaskShape
  state: 'queued' | 'running' | 'done' = 'queued'
  /** The variants that served it and its ancestors, once it is done. */
  prefix: Prefix | null = null
  result: Handle = undefined
  /** For each child task in the order of `next`, in reading order. */
  children = NO_CHILDREN
  /** Times dispatched. */
  attempts = 0
  /** While running: its batch, the variant it is bound to, and when the result is expected. */
  batch: BatchId | null = null
  bound: Prefix | null = null
  endsAtMs = 0
  /** Where it failed last, and batches that came to nothing with it. */
  failedOn: NodeId | null = null
  failures: readonly Failure[] = NO_FAILURES
  /** While queued: that it was left for a slot that comes free later. */
  left: Left | null = null

  /** @param way which variants served its ancestors, and so what it may be served with */
  constructor(
    readonly query: Query,
    readonly way: Way,
    readonly payload: Handle,
    public queuedAtMs: number,
  ) {
    this.deadlineMs = query.deadlineMs
    this.seq = query.seq
    this.ordinal = query.items.length
    this.task = way.task
  }

  /** running -> queued; a new item is queued already. Its query counts it in `waiting`. */
  queue(nowMs: number): void {
    this.state = 'queued'
    this.batch = null
    this.bound = null
    this.left = null
    this.queuedAtMs = nowMs
  }

  /** queued -> running. */
  run(batch: { id: BatchId; endsAtMs: number }, bound: Prefix): void {
    this.state = 'running'
    this.attempts++
    this.batch = batch.id
    this.bound = bound
    this.endsAtMs = batch.endsAtMs
  }
}

/** No version of the paths. */
const UNKNOWN = -1

/** What a query still needs at the least; worked out by the deadline test. */
class Rest {
  /** The version of the paths that it is worked out by; `UNKNOWN` once the query changed. */
  epoch = UNKNOWN
  /** Work of the station that has most to do. */
  poolMs = 0
  /** Length of the longest chain of what waits, with the pool idle; its variance in ms². */
  chainMs = 0
  variance = 0
  /** When the last of what runs, with all that follows from it, can end. */
  runningEndMs = 0
  /** Of each station: all work, what follows items that are not done, and when it is first needed. */
  stationMs: number[] = fresh()
  lockedMs: number[] = fresh()
  leadMs: number[] = zeros(0)
  /** False while some of it can be served by no slot. */
  servable = true
  /** The last deadline test found it to be late even by its quickest path. */
  isLate = false
}

interface Given {
  id: QueryId
  seq: number
  shape: PipelineShape
  deadlineMs: number
  slackMs: number
  minAccuracy: number | undefined
  prefer?: Prefer
  share?: number
  client?: string | undefined
  unverified?: boolean | undefined
  payload: Handle
}

/** From constructors, and with lists that no literal made: see `core/fresh.ts`. */
export class Query implements Urgent {
  readonly id: QueryId
  readonly seq: number
  readonly ordinal = 0
  readonly shape: PipelineShape
  readonly deadlineMs: number
  /** Time beyond what the quickest way through an idle pool took when it arrived, at most the SLO. */
  readonly slackMs: number
  /** Least path accuracy, as position in `shape.levels`. */
  readonly level: number
  readonly prefer: Prefer
  /** As how much of a query it counts: in the backlog, in what its time costs and what its waiting does. */
  readonly share: number
  readonly root: Item
  /** In the order of creation: each stands at its ordinal. */
  readonly items: Item[] = fresh()
  /** Items queued or running; none of them stands before `firstOpen`. */
  openCount = 0
  firstOpen = 0
  /** Items queued, and those queued or running, by position of the task; items so far, by its depth. */
  readonly waiting: number[]
  readonly openAt: number[]
  readonly countAt: number[] = fresh()
  readonly stages: StageRecord[] = fresh()
  /** Items by variant, in the order in which each first served one. */
  readonly served: { variant: VariantShape; items: number }[] = fresh()
  /** Answered or cancelled: whatever still comes for it is ignored. */
  closed = false
  /** Who asks; and whether results that nobody confirmed will do. */
  readonly client: string
  readonly unverified: boolean
  /** Whether known parties said or confirmed all that was taken. */
  verified = true
  /** ms of the auditor that it had, and that it is expected to need yet. */
  auditedMs = 0
  owedMs = 0
  readonly rest = new Rest()

  constructor(given: Given, readonly arrivedMs: number) {
    this.id = given.id
    this.prefer = given.prefer ?? 'balanced'
    this.share = given.share ?? 1
    this.client = given.client ?? ''
    this.unverified = given.unverified ?? false
    this.seq = given.seq
    this.shape = given.shape
    this.deadlineMs = given.deadlineMs
    this.slackMs = given.slackMs
    this.level = levelOf(given.shape, given.minAccuracy)
    this.waiting = given.shape.tasks.map(() => 0)
    this.openAt = given.shape.tasks.map(() => 0)
    this.root = addItem(this, given.shape.start, given.payload, arrivedMs)
  }
}

/** What the query still needs is no longer what it was. */
export function unsettle({ rest }: Query): void {
  rest.epoch = UNKNOWN
}

export const createQuery = (given: Given, nowMs: number): Query => new Query(given, nowMs)

function addItem(query: Query, way: Way, payload: Handle, nowMs: number): Item {
  const item = new Item(query, way, payload, nowMs)
  query.items.push(item)
  query.openCount++
  query.openAt[way.task.position]!++
  query.countAt[way.task.depth] = (query.countAt[way.task.depth] ?? 0) + 1
  unsettle(query)
  return item
}

/**
 * running -> done. Its child items are queued from now on: those of each child task are in `children`.
 * Children for tasks that do not follow this one are ignored. The last item of its task brings the one
 * of a task that gathers.
 *
 * @returns that one where it follows items that were done before: this one handed nothing on to them
 */
export function serveItem(
  item: Item,
  prefix: Prefix,
  outcome: Extract<ItemOutcome, { ok: true }>,
  gather: Gather,
  nowMs: number,
): readonly Item[] {
  const { query } = item
  const { items } = query
  item.state = 'done'
  item.prefix = prefix
  item.result = outcome.result
  item.batch = null
  query.openCount--
  query.openAt[item.task.position]!--
  while (query.firstOpen < items.length && items[query.firstOpen]!.state === 'done') {
    query.firstOpen++
  }
  unsettle(query)
  countServed(query, prefix.variant)
  if (prefix.ways.length === 0) return NO_ITEMS
  item.children = prefix.ways.map((way, child) => {
    if (way.task.gathers) return gatherFor(item, child, gather, nowMs)
    const payloads = outcome.children[way.task.name] ?? []
    return payloads.map((payload) => addItem(query, way, payload, nowMs))
  })
  const late = query.shape.tasks.filter(({ gathers, parent }) => gathers && parent !== item.task)
  return late.length === 0
    ? NO_ITEMS
    : late.flatMap((task) => gatherLate(item, task, gather, nowMs))
}

/** The item of a task further down that gathers, where no more than this one's children was waited for. */
function gatherLate({ query }: Item, task: TaskShape, gather: Gather, nowMs: number): Item[] {
  const before = task.parent!
  if (mayCome(query, before)) return []
  const items: Item[] = []
  listOf(query.root, before, items)
  const last = items.at(-1)
  const child = before.next.indexOf(task)
  if (last === undefined || items.some(({ children }) => children[child]?.length)) return []
  const late = gatherFor(last, child, gather, nowMs)
  last.children = before.next.map((_, i) => i === child ? late : last.children[i] ?? [])
  return late
}

/** Whether an item of the task, or one that it would come of, is not done. */
function mayCome({ openAt }: Query, task: TaskShape): boolean {
  for (let at: TaskShape | null = task; at !== null; at = at.parent) {
    if (openAt[at.position]! > 0) return true
  }
  return false
}

/** The item that takes what all items of this one's task gave, once no more of them can come. */
function gatherFor({ query, task }: Item, child: number, gather: Gather, nowMs: number): Item[] {
  if (mayCome(query, task)) return []
  const items: Item[] = []
  listOf(query.root, task, items)
  // It is worth what the least of them is.
  const prefixes = items.map(({ prefix }) => prefix!)
  const least = prefixes.reduce((a, b) => b.accuracy < a.accuracy ? b : a)
  return [addItem(query, least.ways[child]!, gather(items, query.root.payload), nowMs)]
}

/** Done items of a task, in reading order. */
function listOf(item: Item, task: TaskShape, into: Item[]): void {
  if (item.task === task) into.push(item)
  else for (const branch of item.children) for (const one of branch) listOf(one, task, into)
}

function countServed({ served }: Query, variant: VariantShape): void {
  const row = served.find((one) => one.variant === variant)
  if (row === undefined) served.push({ variant, items: 1 })
  else row.items++
}
