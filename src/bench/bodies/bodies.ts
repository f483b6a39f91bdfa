/**
 * `deno task bench bodies`: how long one request keeps the coordinator's event loop at one go, by the
 * kind of its body, each as large as it may be; and eight of it at once.
 * @module
 */
import { gzipSync } from 'node:zlib'
import { median } from '../../cli/statistics.ts'
import { sumOf } from '../tools.ts'
import { isReady, startChild, untilReady } from '../child.ts'
import { PIXEL, PNG_HEAD } from '../overhead/padded_png.ts'

const MOST_BYTES = 32 * 1024 * 1024
/** Runs of each kind; the first compiles what the others run. */
const ROUNDS = 5
/** Of each request. */
const TIMEOUT_MS = '10000'

const BYTES_TYPE = 'application/octet-stream'

interface Body {
  path: string
  type: string
  bytes: Uint8Array<ArrayBuffer>
  headers?: Record<string, string>
}

const PASS = '/v1/pipelines/pass/infer'
const MODEL = '/v2/models/pass/infer'
const NUMBERS = '/v1/pipelines/numbers/infer'
const NUMBERS_MODEL = '/v2/models/numbers/infer'

const encode = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>

/** As many times `unit` between `head` and `tail` as a body may have, or as asked for. */
function filled(
  head: string,
  unit: string,
  tail: string,
  times = Infinity,
): Uint8Array<ArrayBuffer> {
  const most = Math.floor((MOST_BYTES - head.length - tail.length) / unit.length)
  return encode(head + unit.repeat(Math.min(times, most)).replace(/,$/, '') + tail)
}

function joined(...parts: ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(sumOf(parts.map(({ length }) => length)))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** So many bytes that are this, over and over. */
function repeated(unit: ArrayLike<number>, bytes: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(Math.floor(bytes / unit.length) * unit.length)
  out.set(unit)
  for (let done = unit.length; done < out.length; done *= 2) out.copyWithin(done, 0, done)
  return out
}

/** The picture of one pixel, made this long by pixels that no reader looks for. */
function png(bytes: number, chunk?: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const room = bytes - PIXEL.length
  const one = new Uint8Array(room)
  if (chunk === undefined) {
    new DataView(one.buffer).setUint32(0, room - 12)
    one.set(encode('IDAT'), 4)
  }
  const padding = chunk === undefined ? one : repeated(chunk, room)
  return joined(PIXEL.subarray(0, PNG_HEAD), padding, PIXEL.subarray(PNG_HEAD))
}

const JPEG_HEAD = [0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 9, 0, 7, 1, 1, 0x11, 0]
const SCAN = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0]

/** A JPEG whose coded data is this, over and over. */
const jpeg = (unit: ArrayLike<number>) =>
  joined(JPEG_HEAD, SCAN, repeated(unit, MOST_BYTES - 100), [0xff, 0xd9])

function webp(): Uint8Array<ArrayBuffer> {
  const out = joined(
    encode('RIFF____WEBPVP8X'),
    [10, 0, 0, 0],
    new Uint8Array(10),
    repeated([...encode('ANIM'), 0, 0, 0, 0], MOST_BYTES - 100),
  )
  new DataView(out.buffer).setUint32(4, out.length - 8, true)
  return out
}

const input = (parameters: string, shape = 1) =>
  `{"name":"image","datatype":"BYTES","shape":[${shape}],"parameters":{${parameters}}`
const base64 = (count: number) => `{"inputs":[${input('"encoding":"base64"', count)},"data":[`
const floats = (count: number) =>
  `{"inputs":[{"name":"x","datatype":"FP32","shape":[${count}],"data":[`
const END = ']}]}'

/** JSON, and what follows it. */
function binary(path: string, json: string, tail: Uint8Array): Body {
  const headers = { 'inference-header-content-length': String(json.length) }
  return { path, type: BYTES_TYPE, bytes: joined(encode(json), tail), headers }
}

/** Elements of a length and as many bytes. */
const elements = (each: Uint8Array, count: number) =>
  joined(...Array.from({ length: count }, () => {
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, each.length, true)
    return joined(length, each)
  }))

const json = (path: string, bytes: Uint8Array<ArrayBuffer>): Body => (
  { path, type: 'application/json', bytes }
)
const picture = (type: string, bytes: Uint8Array<ArrayBuffer>): Body => (
  { path: PASS, type: `image/${type}`, bytes }
)
/** The body is the tensor or the picture, without any JSON. */
const bare = (path: string, bytes: Uint8Array<ArrayBuffer>): Body => (
  { path, type: BYTES_TYPE, bytes, headers: { 'inference-header-content-length': '0' } }
)

const LARGE = 20 * 1024 * 1024

/** Each kind at its limit, made anew when it is its turn: all of them take a gigabyte. */
const KINDS: { [kind: string]: () => Body } = {
  '/v1 PNG, one large chunk': () => picture('png', png(MOST_BYTES)),
  '/v1 PNG, chunks of no bytes': () =>
    picture('png', png(MOST_BYTES, [0, 0, 0, 0, ...encode('IDAT'), 0, 0, 0, 0])),
  '/v1 JPEG, zeros after 0xff': () => picture('jpeg', jpeg([0xff, 0])),
  '/v1 JPEG, 0xff only': () => picture('jpeg', jpeg([0xff])),
  '/v1 JPEG, tables only': () => picture('jpeg', jpeg([0xff, 0xdb, 0, 2])),
  '/v1 WebP, chunks of no bytes': () => picture('webp', webp()),
  '/v1 JSON, one picture': () => json(PASS, encode(`${base64(1)}"${png(LARGE).toBase64()}"${END}`)),
  '/v1 JSON, numbers for pictures': () => json(PASS, filled(base64(1), '0,', END)),
  '/v1 JSON, empty strings': () => json(PASS, filled(base64(1), '"",', END)),
  '/v1 JSON, tensor of 4 M': () => json(NUMBERS, filled(floats(4_000_000), '0.1234,', END, 4e6)),
  '/v1 JSON, tensor of 16 M': () => json(NUMBERS, filled(floats(16_000_000), '0,', END, 16e6)),
  '/v2 JSON, 64 pictures': () => {
    const one = `"${png(LARGE / 64).toBase64()}",`
    return json(MODEL, filled(base64(64), one, END, 64))
  },
  '/v2 JSON, numbers for pictures': () => json(MODEL, filled(base64(1), '0,', END)),
  '/v2 JSON, empty strings': () => json(MODEL, filled(base64(1), '"",', END)),
  '/v2 JSON, tensor of 4 M': () =>
    json(NUMBERS_MODEL, filled(floats(4_000_000), '0.1234,', END, 4e6)),
  '/v2 JSON, tensor of 16 M': () => json(NUMBERS_MODEL, filled(floats(16e6), '0,', END, 16e6)),
  '/v2 binary, elements of no bytes': () =>
    binary(MODEL, `{"inputs":[${input(`"binary_data_size":${LARGE}`)}}]}`, new Uint8Array(LARGE)),
  '/v2 binary, 64 pictures': () => {
    const tail = elements(png(LARGE / 64), 64)
    return binary(MODEL, `{"inputs":[${input(`"binary_data_size":${tail.length}`, 64)}}]}`, tail)
  },
  '/v2 binary, the body a picture': () => bare(MODEL, png(MOST_BYTES)),
  '/v2 binary, tensor': () => bare(NUMBERS_MODEL, new Uint8Array(MOST_BYTES)),
  // Unpacked it is a thousand times as long.
  '/v2 gzip, 256 MiB of zeros': () => ({
    ...json(MODEL, Uint8Array.from(gzipSync(new Uint8Array(8 * MOST_BYTES)))),
    headers: { 'content-encoding': 'gzip' },
  }),
}

async function startNode(url: string) {
  const node = await startChild<null>('./overhead/overhead_node.ts', ['shoal', url, '4'])
  await untilReady(url, 'bodies')
  return node
}

export async function bench() {
  const server = await startChild<string>('./bodies/bodies_server.ts')
  const url = server.ready
  let node = await startNode(url)
  async function send({ path, type, bytes, headers }: Body): Promise<number> {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': type, 'x-request-timeout-ms': TIMEOUT_MS, ...headers },
      body: bytes,
    })
    await response.body?.cancel()
    return response.status
  }

  const rows = []
  for (const [kind, make] of Object.entries(KINDS)) {
    const body = make()
    // What came before may have cost its link.
    if (!await isReady(url)) {
      await node.end()
      node = await startNode(url)
    }
    const alone: number[] = []
    for (let i = 0; i < ROUNDS; i++) {
      await server.ask(null)
      await send(body)
      alone.push(await server.ask<number>(null))
    }
    const [first] = await Promise.all(Array.from({ length: 8 }, () => send(body)))
    const eight = await server.ask<number>(null)
    rows.push({ kind, status: first!, 'longest turn ms': median(alone), 'of eight at once': eight })
    console.log(JSON.stringify(rows.at(-1)))
  }
  await node.end()
  await server.end()
  console.log('longest turn of the event loop, ms')
  return rows
}
