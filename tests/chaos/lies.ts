/**
 * Between a node and its coordinator: results are changed on the way, as a node would that lies.
 * @module
 */
import type { OpenTransport } from '../../src/node/link/transport.ts'
import type { BatchMessage, ResultMessage } from '../../src/protocol/messages.ts'
import {
  createCoordinatorMessageReader,
  createNodeMessageReader,
  encodeMessage,
  type Received,
} from '../../src/protocol/mod.ts'
import { createCodecs } from '../../src/stages/codecs.ts'
import { cutCrop } from '../../src/stages/crop.ts'
import { pictureOf } from '../../src/stages/item.ts'
import type { Picture } from '../../src/stages/types.ts'
import { loadLocalCodec } from '../../src/cli/serve/codec_assets.ts'
import { SAMPLE_PAGE } from '../../src/cli/serve/serving.ts'

type Item = ResultMessage['items'][number]
type Served = Extract<Item, { ok: true }>
/** May replace bytes of child items, too. */
type Lie = (
  items: Item[],
  batch: BatchMessage,
  blobs: Uint8Array[],
) => Item[] | Promise<Item[]>

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
  const children: Served['children'] = {}
  for (const [task, list] of Object.entries(item.children)) {
    children[task] = list.map(({ meta, ...rest }) => (
      { ...rest, meta: changeNumbers(meta, change) as typeof meta }
    ))
  }
  return { ...item, fields: changeNumbers(item.fields, change) as Served['fields'], children }
}

type Child = Served['children'][string][number]

const codecs = createCodecs(loadLocalCodec)

/** Each crop, changed; the node keeps no copy of one, so that it reads what it has sent. */
async function withCrops(
  items: Item[],
  change: (child: Child) => Promise<Child>,
): Promise<Item[]> {
  return await Promise.all(items.map(async (item) => {
    if (!item.ok) return item
    const children: Served['children'] = {}
    for (const [task, list] of Object.entries(item.children)) {
      children[task] = await Promise.all(
        list.map(({ key: _, ...child }) => 'format' in child.meta ? change(child) : child),
      )
    }
    return { ...item, children }
  }))
}

/** Half a line's height of its beginning becomes what stands in its middle. */
function retouched({ width, height, channels, data }: Picture): Picture {
  const bytes = Uint8Array.from(data)
  const side = Math.round(height / 2)
  if (width < 6 * side) return { width, height, channels, data }
  const middle = Math.floor(width / 2)
  for (let row = 0; row < bytes.length; row += channels * width) {
    const [to, from] = [row + channels * side, row + channels * middle]
    bytes.copyWithin(to, from, from + channels * side)
  }
  return { width, height, channels, data: bytes }
}

/** The title of the sample page, in few bytes: a text that nobody sent. */
async function otherText(): Promise<Uint8Array> {
  const page = await codecs.decode('image/jpeg', await Deno.readFile(SAMPLE_PAGE))
  const title = { cx: 400, cy: 130, width: 560, height: 80, angle: -0.028 }
  return await codecs.encodeJpeg(cutCrop(page, title, { maxHeight: 24, maxWidth: 240 }), 60)
}

/** Each is made for a node and may remember what it said. */
const LIES: { readonly [name: string]: () => Lie | Promise<Lie> } = {
  garbage: () => (items) =>
    items.map((item) => {
      if (!item.ok || item.fields === null) return withNumbers(item, (value) => value * 1.5)
      const fields = { ...item.fields }
      for (const name of ['text', 'label']) if (name in fields) fields[name] = crypto.randomUUID()
      return withNumbers({ ...item, fields }, (value) => value * 1.5)
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
      return items.map((item) => {
        if (!item.ok || Object.keys(item.children).length > 0) return item
        known.push(item)
        return known.length > 3 ? known.shift()! : item
      })
    }
  },
  /** Crops of another text in place of those that it cut, as JPEG, and as long as those would be. */
  'other text': async () => {
    const text = await otherText()
    return (items, _, blobs) =>
      withCrops(items, async (child) => {
        const cut = blobs[child.blob]!
        const honest = child.meta['format'] === 'jpeg'
          ? cut
          : await codecs.encodeJpeg(await pictureOf({ ...child, bytes: cut }, codecs), 92)
        const padded = new Uint8Array(Math.max(text.length, honest.length))
        padded.set(text)
        blobs[child.blob] = padded
        return { ...child, meta: { ...child.meta, format: 'jpeg' } }
      })
  },
  /** One character of each crop, in the format that was asked for. */
  'other digit': () => (items, _, blobs) =>
    withCrops(items, async (child) => {
      const picture = retouched(await pictureOf({ ...child, bytes: blobs[child.blob]! }, codecs))
      blobs[child.blob] = child.meta['format'] === 'jpeg'
        ? await codecs.encodeJpeg(picture, 92)
        : picture.data as Uint8Array
      return child
    }),
}

/** @throws RangeError for a lie that there is not */
export async function lying(open: OpenTransport, name: string): Promise<OpenTransport> {
  const lie = await LIES[name]?.()
  if (lie === undefined) throw new RangeError(`Cannot lie ${name}: no such lie`)
  const batches = new Map<number, BatchMessage>()
  return (url, events) => {
    const readOwn = createNodeMessageReader()
    const readTheirs = createCoordinatorMessageReader()
    let serial = 1 << 20
    let sent = Promise.resolve()
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
        // One after the other: a lie may take its time.
        sent = sent.then(async () => {
          const { message, blobs } = await changed(received)
          for (const frame of encodeMessage(message, blobs, serial++)) transport.send(frame)
        })
      },
    }
  }

  async function changed<T extends Received<{ type: string }>>(received: T): Promise<T> {
    const message = received.message as unknown as ResultMessage
    const batch = message.type === 'result' ? batches.get(message.batch) : undefined
    if (batch === undefined) return received
    batches.delete(message.batch)
    const blobs = [...received.blobs]
    const items = await lie!(message.items, batch, blobs)
    return { ...received, message: { ...message, items }, blobs }
  }
}
