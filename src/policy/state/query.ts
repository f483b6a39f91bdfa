/**
 * A query inside: its tree of items, and the variants that served them.
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

/** A batch that a node failed at. */
export interface Failure {
  node: NodeId
  variant: VariantShape
  sentMs: number
}

/** Record of an item that was offered to all slots with room and is worth more later. */
export interface Left {
  /** Time of the offer, and its run. */
  atMs: number
  look: number
  /** Index of the group it is left to, and slot ms of one of its items there. */
  group: number
  costMs: number
  /** Items due before this are left too. */
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
  /** The variants that served it and its ancestors; set once it is done. */
  prefix: Prefix | null = null
  result: Handle = undefined
  /** Child items by child task in the order of `next`, in reading order. */
  children = NO_CHILDREN
  /** Times dispatched. */
  attempts = 0
  /** While running: its batch, the prefix it is bound to, and when the result is expected. */
  batch: BatchId | null = null
  bound: Prefix | null = null
  endsAtMs = 0
  /** The node it failed on last, and all batches that nodes failed at with it. */
  failedOn: NodeId | null = null
  failures: readonly Failure[] = NO_FAILURES
  /** While queued: set if it was left for a slot that comes free later. */
  left: Left | null = null

  /** @param way the variants that served its ancestors, which determine those it may be served with */
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

  /** running -> queued, or new. The caller updates the query's `waiting`. */
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

/** Stands for no version of the paths. */
const UNKNOWN = -1

/** Lower bound of the work a query still needs; computed by the deadline test. */
class Rest {
  /** Version of the paths it was computed with; `UNKNOWN` once the query changed. */
  epoch = UNKNOWN
  /** ms of the station with most of its work. */
  poolMs = 0
  /** Length of the longest chain of queued items, with the pool idle; its variance in ms². */
  chainMs = 0
  variance = 0
  /** When the last running item, with all tasks that follow it, can end. */
  runningEndMs = 0
  /** By station: ms of work; ms of tasks that follow unfinished items; ms until it is first needed. */
  stationMs: number[] = fresh()
  lockedMs: number[] = fresh()
  leadMs: number[] = zeros(0)
  /** False while no slot can serve some of it. */
  servable = true
  /** Whether the last deadline test found it late even by its quickest path. */
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

/** Made by constructors, and with lists that no literal made: see `core/fresh.ts`. */
export class Query implements Urgent {
  readonly id: QueryId
  readonly seq: number
  readonly ordinal = 0
  readonly shape: PipelineShape
  readonly deadlineMs: number
  /** Its time minus the quickest path through an idle pool at arrival, in ms; at most the SLO. */
  readonly slackMs: number
  /** Minimum path accuracy, as position in `shape.levels`. */
  readonly level: number
  readonly prefer: Prefer
  /** Share of a query that it counts as: in the backlog, in the price of its time, in the cost of waiting. */
  readonly share: number
  readonly root: Item
  /** In order of creation: each item is at its ordinal. */
  readonly items: Item[] = fresh()
  /** Number of items queued or running; all of them are at `firstOpen` or later. */
  openCount = 0
  firstOpen = 0
  /** Items queued, and items queued or running, by task position; items so far, by task depth. */
  readonly waiting: number[]
  readonly openAt: number[]
  readonly countAt: number[] = fresh()
  readonly stages: StageRecord[] = fresh()
  /** Items by variant, in the order in which each variant first served one. */
  readonly served: { variant: VariantShape; items: number }[] = fresh()
  /** Answered or cancelled: later results for it are ignored. */
  closed = false
  /** Client id; and whether the client accepts unconfirmed results. */
  readonly client: string
  readonly unverified: boolean
  /** Whether trusted nodes gave or confirmed all results taken. */
  verified = true
  /** ms of the auditor that it used, and that it is expected to need still. */
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

/** Invalidates the computed rest of a query. */
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
 * running -> done. Its child items are created queued, by child task, in `children`. Children for tasks
 * that do not follow this one are ignored. The last item of a task creates the item of a gathering task
 * behind it.
 *
 * @returns new items that follow items done earlier: gathering items that waited for this one
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

/** The item of a deeper gathering task, if this item was the last it could wait for and had no children. */
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

/** Whether an item of the task, or of a task before it, is not done. */
function mayCome({ openAt }: Query, task: TaskShape): boolean {
  for (let at: TaskShape | null = task; at !== null; at = at.parent) {
    if (openAt[at.position]! > 0) return true
  }
  return false
}

/** The gathering item of all items of this item's task, once no more of them can come. */
function gatherFor({ query, task }: Item, child: number, gather: Gather, nowMs: number): Item[] {
  if (mayCome(query, task)) return []
  const items: Item[] = []
  listOf(query.root, task, items)
  // Its accuracy is that of its least accurate input.
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
