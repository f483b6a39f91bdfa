/**
 * Between a node and its coordinator: results are changed on the way, as a node would that lies.
 *
 * @module
 */
import type { OpenTransport } from '../../../node/link/transport.ts'
import type { BatchMessage, ResultMessage } from '../../../protocol/messages.ts'
import {
  createCoordinatorMessageReader,
  createNodeMessageReader,
  encodeMessage,
  type Received,
} from '../../../protocol/mod.ts'

type Item = ResultMessage['items'][number]
type Served = Extract<Item, { ok: true }>

/** Numbers anywhere in it, changed. */
function changeNumbers(value: unknown, change: (value: number) => number): unknown {
  if (typeof value === 'number') return change(value)
  if (Array.isArray(value)) return value.map((one) => changeNumbers(one, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    // How its bytes are to be read stays true: else they would not be read at all.
    Object.entries(value).map(([name, one]) => [
      name,
      ['width', 'height', 'format'].includes(name) ? one : changeNumbers(one, change),
    ]),
  )
}

function withNumbers(item: Item, change: (value: number) => number): Item {
  if (!item.ok) return item
  const children = Object.fromEntries(
    Object.entries(item.children).map(([task, list]) => [
      task,
      list.map(({ meta, ...rest }) => ({
        ...rest,
        meta: changeNumbers(meta, change) as typeof meta,
      })),
    ]),
  )
  return { ...item, fields: changeNumbers(item.fields, change) as Served['fields'], children }
}

/** Each is made for a node and may remember what it said. */
const LIES: { readonly [name: string]: () => (items: Item[], batch: BatchMessage) => Item[] } = {
  garbage: () => (items) =>
    items.map((item) => {
      if (!item.ok) return item
      const fields = item.fields === null ? null : { ...item.fields }
      if (fields !== null && 'text' in fields) fields['text'] = crypto.randomUUID()
      if (fields !== null && 'label' in fields) fields['label'] = crypto.randomUUID()
      return { ...withNumbers({ ...item, fields }, (value) => value * 1.5) }
    }),
  NaN: () => (items) => items.map((item) => withNumbers(item, () => NaN)),
  subtle: () => (items) =>
    items.map((item) =>
      withNumbers(item, (value) => Number.isInteger(value) ? value : value * 0.93)
    ),
  /** What it said of other items before: of the same batch size and task, with its child items. */
  another: () => {
    const before = new Map<string, Item[]>()
    return (items, { task }) => {
      const known = before.get(task) ?? []
      before.set(task, known)
      // Child items are in this frame's blobs: only results without any can be said again.
      const said = items.map((item) => {
        if (!item.ok || Object.keys(item.children).length > 0) return item
        known.push(item)
        return known.length > 3 ? known.shift()! : item
      })
      return said
    }
  },
}

export const LIE_NAMES: readonly string[] = Object.keys(LIES)

/** @throws RangeError for a lie that there is not */
export function lying(open: OpenTransport, name: string): OpenTransport {
  const lie = LIES[name]?.()
  if (lie === undefined) {
    throw new RangeError(`Cannot lie ${name}: there are ${LIE_NAMES.join(', ')}`)
  }
  const batches = new Map<number, BatchMessage>()
  return (url, events) => {
    const readOwn = createNodeMessageReader()
    const readTheirs = createCoordinatorMessageReader()
    let serial = 1 << 20
    const transport = open(url, {
      ...events,
      received(data) {
        const copy = typeof data === 'string' ? data : data.slice(0)
        const received = readTheirs(copy)
        if (received?.message.type === 'batch') {
          batches.set(received.message.batch, received.message)
        }
        events.received(data)
      },
    })
    return {
      ...transport,
      send(data) {
        const received = readOwn(typeof data === 'string' ? data : data.slice(0))
        if (received === undefined) return
        const { message, blobs } = changed(received)
        for (const frame of encodeMessage(message, blobs, serial++)) transport.send(frame)
      },
    }
  }

  function changed<T extends Received<{ type: string }>>(received: T): T {
    const message = received.message as unknown as ResultMessage
    const batch = message.type === 'result' ? batches.get(message.batch) : undefined
    if (batch === undefined) return received
    batches.delete(message.batch)
    return { ...received, message: { ...message, items: lie!(message.items, batch) } }
  }
}
