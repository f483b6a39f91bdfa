/**
 * A client of the Open Inference Protocol v2 and its binary extension, written from the
 * specification and from nothing of this project.
 */

export interface Tensor {
  name: string
  shape: number[]
  datatype: string
  parameters?: Record<string, unknown>
  data?: unknown[]
}

export interface InferRequest {
  id?: string
  parameters?: Record<string, unknown>
  inputs: unknown[]
  outputs?: unknown[]
}

export interface InferReply {
  status: number
  headers: Headers
  /** The JSON object of the answer. */
  json: {
    model_name: string
    model_version: string
    id: string
    parameters: Record<string, unknown>
    outputs: Tensor[]
    error?: string
    reason?: string
  }
  /** By output, of those that came as binary data. */
  binary: Map<string, Uint8Array>
}

/** 4 bytes of length, little-endian, then the bytes, for each element. */
export function packBytes(elements: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out: number[] = []
  for (const element of elements) {
    const n = element.length
    out.push(n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >>> 24) & 255, ...element)
  }
  return new Uint8Array(out)
}

export function unpackBytes(bytes: Uint8Array): string[] {
  const texts: string[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + view.getUint32(at, true)
    texts.push(new TextDecoder().decode(bytes.subarray(at + 4, end)))
    at = end
  }
  return texts
}

export function unpackFloats(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true))
}

export const imageJson = (pictures: readonly Uint8Array[]) => ({
  ...{ name: 'image', shape: [pictures.length], datatype: 'BYTES' },
  parameters: { encoding: 'base64' },
  data: pictures.map((picture) => picture.toBase64()),
})

/** What goes into the JSON and what goes behind it. */
export function imageBinary(pictures: readonly Uint8Array[]) {
  const bytes = packBytes(pictures)
  return {
    bytes,
    input: {
      ...{ name: 'image', shape: [pictures.length], datatype: 'BYTES' },
      parameters: { binary_data_size: bytes.length },
    },
  }
}

/** Posts a request; with `tail`, as the binary extension says. */
export async function postInfer(
  url: string,
  request: InferRequest,
  tail?: Uint8Array,
  headers: Record<string, string> = {},
): Promise<InferReply> {
  const json = new TextEncoder().encode(JSON.stringify(request))
  if (tail === undefined) {
    return await post(url, json, { 'content-type': 'application/json', ...headers })
  }
  const body = new Uint8Array(json.length + tail.length)
  body.set(json)
  body.set(tail, json.length)
  return await post(url, body, {
    'content-type': 'application/octet-stream',
    'inference-header-content-length': String(json.length),
    ...headers,
  })
}

export async function post(
  url: string,
  body: BodyInit,
  headers: Record<string, string>,
): Promise<InferReply> {
  const response = await fetch(url, { method: 'POST', body, headers })
  const bytes = new Uint8Array(await response.arrayBuffer())
  const length = response.headers.get('inference-header-content-length')
  const split = length === null ? bytes.length : Number(length)
  const json = JSON.parse(new TextDecoder().decode(bytes.subarray(0, split)))
  const binary = new Map<string, Uint8Array>()
  let at = split
  for (const output of json.outputs ?? []) {
    const size = output.parameters?.binary_data_size
    if (size === undefined) continue
    binary.set(output.name, bytes.subarray(at, at + size))
    at += size
  }
  if (at !== bytes.length) throw new Error(`${bytes.length - at} bytes too many in the answer`)
  return { status: response.status, headers: response.headers, json, binary }
}

/** What a call answers that asks for nothing but to be told. */
export async function get(url: string) {
  const response = await fetch(url)
  return { status: response.status, json: await response.json() }
}
