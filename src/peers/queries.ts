/**
 * Queries inside, with their items, and the answers made of them.
 *
 * @module
 */
import type { Urgent } from '../policy/state/queue.ts'
import type { Answer, FinishedItem, Handle, QueryId, StageRecord } from '../policy/core/types.ts'
import { type PipelineModel, type Prefix, prefixBelow, type Task, type Variant } from './model.ts'

export interface Item {
  query: Query
  task: Task
  above: Prefix
  payload: Handle
  /** When it came to its task. */
  arrivedMs: number
  attempts: number
  /** Once served. */
  prefix: Prefix | null
  result: Handle
  children: Item[][]
}

export interface Query extends Urgent {
  id: QueryId
  pipeline: PipelineModel
  root: Item
  /** Items queued or running. */
  open: number
  /** Answered or cancelled. */
  closed: boolean
  stages: StageRecord[]
}

export function createQuery(
  id: QueryId,
  seq: number,
  pipeline: PipelineModel,
  deadlineMs: number,
  payload: Handle,
  nowMs: number,
): Query {
  const query = {
    id,
    seq,
    ordinal: 0,
    pipeline,
    deadlineMs,
    open: 1,
    closed: false,
    stages: [],
  } as unknown as Query
  query.root = itemOf(query, pipeline.root, pipeline.start, payload, nowMs)
  return query
}

function itemOf(query: Query, task: Task, above: Prefix, payload: Handle, nowMs: number): Item {
  return {
    query,
    task,
    above,
    payload,
    arrivedMs: nowMs,
    attempts: 0,
    prefix: null,
    result: undefined,
    children: [],
  }
}

/** Takes in an item's result; its child items, by child task, are open from now on. */
export function serveItem(
  item: Item,
  variant: Variant,
  result: Handle,
  children: { [task: string]: Handle[] },
  nowMs: number,
): Item[][] {
  const { query } = item
  const prefix = item.prefix = prefixBelow(item.above, variant)
  item.result = result
  item.children = item.task.children.map((task) =>
    (children[task.name] ?? []).map((payload) => itemOf(query, task, prefix, payload, nowMs))
  )
  query.open += item.children.reduce((sum, branch) => sum + branch.length, 0) - 1
  return item.children
}

/** The answer of a query whose items are all served. */
export function answerOf(query: Query): Answer {
  const items: FinishedItem[] = []
  const path: { [task: string]: { [variant: string]: number } } = {}
  let [leaves, leafSum, ends, endSum] = [0, 0, 0, 0]
  const visit = (item: Item, parent: number) => {
    const { task, payload, result, children } = item
    const { accuracy, variants } = item.prefix!
    const at = items.push({ task: task.name, parent, payload, result }) - 1
    const served = path[task.name] ??= {}
    const variant = variants.at(-1)!
    served[variant] = (served[variant] ?? 0) + 1
    if (task.children.length === 0) {
      leaves++
      leafSum += accuracy
    } else if (children.every((branch) => branch.length === 0)) {
      ends++
      endSum += accuracy
    }
    for (const branch of children) for (const child of branch) visit(child, at)
  }
  visit(query.root, -1)
  const accuracy = leaves > 0 ? leafSum / leaves : endSum / ends
  return { ok: true, accuracy, path, stages: query.stages, items }
}
