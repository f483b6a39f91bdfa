/**
 * Batches and results checked by hand: every query pays for them. What does not look as they mostly
 * do is left to the schema (`messages.ts`), which takes it or says what is wrong.
 *
 * @module
 */
import {
  type BatchMessage,
  isShallow,
  MAX_BATCH_ITEMS,
  MAX_CHILDREN,
  MAX_NAME,
  type ResultMessage,
} from './messages.ts'

type Json = Record<string, unknown>
type Done = Extract<ResultMessage['items'][number], { ok: true }>
type Child = Done['children'][string][number]
type Meta = Child['meta']

/** A result, if it is one beyond doubt: of items that were done and have no tensors. */
export function quickResult(value: unknown): ResultMessage | undefined {
  if (!isObject(value) || value.type !== 'result') return undefined
  const { batch, queueMs, computeMs, elapsedMs } = value
  if (!isSerial(batch) || !isMs(queueMs) || !isMs(computeMs) || !isMs(elapsedMs)) return undefined
  const items = eachOf(value.items, MAX_BATCH_ITEMS, quickItem)
  return items && { type: 'result', batch, queueMs, computeMs, elapsedMs, items }
}

function quickItem(value: unknown): Done | undefined {
  if (!isObject(value) || value.ok !== true || value.tensors !== undefined) return undefined
  const { fields, children: given } = value
  if (fields !== null && !isRecord(fields) || !isObject(given)) return undefined
  const children: Done['children'] = {}
  for (const task in given) {
    if (!isId(task) || task === '__proto__') return undefined
    const list = eachOf(given[task], MAX_CHILDREN, quickChild)
    if (list === undefined) return undefined
    children[task] = list
  }
  return { ok: true, fields, children }
}

function quickChild(value: unknown): Child | undefined {
  if (!isObject(value)) return undefined
  const { meta, blob, key } = value
  if (!isRecord(meta) || !isCount(blob)) return undefined
  if (key === undefined) return { meta, blob }
  return isId(key) ? { meta, blob, key } : undefined
}

/** A batch, if it is one beyond doubt: of items that came with it, and nothing besides. */
export function quickBatch(value: unknown): BatchMessage | undefined {
  if (!isObject(value) || value.type !== 'batch' || value.release !== undefined) return undefined
  const { batch, slot, pipeline, task, variant, remainingMs, giveUpMs, crops } = value
  if (!isSerial(batch) || !isCount(slot) || !isMs(remainingMs) || !isMs(giveUpMs)) return undefined
  if (!isId(pipeline) || !isId(task) || !isId(variant)) return undefined
  if (crops !== 'raw' && crops !== 'jpeg') return undefined
  const items = eachOf(value.items, MAX_BATCH_ITEMS, quickInput)
  if (items === undefined || items.length === 0) return undefined
  const what = { type: 'batch' as const, batch, slot, pipeline, task, variant }
  return { ...what, remainingMs, giveUpMs, crops, items }
}

function quickInput(value: unknown): BatchMessage['items'][number] | undefined {
  if (!isObject(value) || !isRecord(value.meta) || !isObject(value.payload)) return undefined
  const { blob } = value.payload
  return isCount(blob) ? { meta: value.meta, payload: { blob } } : undefined
}

/** All of a list of bounded length; `undefined` where one of them is. */
function eachOf<T>(
  value: unknown,
  most: number,
  take: (one: unknown) => T | undefined,
): T[] | undefined {
  if (!Array.isArray(value) || value.length > most) return undefined
  const all: T[] = []
  for (let i = 0; i < value.length; i++) {
    const one = take(value[i])
    if (one === undefined) return undefined
    all.push(one)
  }
  return all
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function isRecord(value: unknown): value is Meta {
  if (!isObject(value)) return false
  for (const key in value) {
    if (key.length > MAX_NAME || key === '__proto__' || !isShallow(value[key])) return false
  }
  return true
}

const isId = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 128

const isMs = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= 1e9

const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 1e6

const isSerial = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0
