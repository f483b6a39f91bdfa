/**
 * The file of a batch, read in a worker: each line is counted before it is parsed, parsed once, and
 * checked. The result holds the places of its id and of its body in the file.
 *
 * @module
 */
import { Buffer } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { z } from 'zod'
import { ApiError } from '../core/api_error.ts'
import { MAX_BODY_BYTES } from '../http/bodies/body.ts'
import { ELEMENTS, readJson } from '../http/bodies/json.ts'
import { memberPlaces } from './members.ts'
import { JOBS } from './params.ts'
import type { Failure } from './types.ts'

/** Numbers of a line: from and to of its id, and of its body. */
export const OF_LINE = 4

export type Lines = { ok: true; places: Float64Array<ArrayBuffer> } | { ok: false; fault: Failure }

/** The worker's function. @param endpoint the path that all lines have to call */
export type ReadLines = (path: string, endpoint: string) => Promise<Lines>

const NEWLINE = 10
const MAX_ID = 512
/** Bytes read at once: a line may have many times as many. */
const CHUNK = 1024 * 1024

const lineSchema = z.object({
  custom_id: z.string().min(1).max(MAX_ID),
  method: z.literal('POST'),
  url: z.string(),
  body: z.record(z.string(), z.unknown()),
})

export async function readLines(path: string, endpoint: string): Promise<Lines> {
  const places: number[] = []
  const ids = new Set<string>()
  try {
    for await (const { bytes, from } of linesOf(path)) {
      if (ids.size >= JOBS.lines) throw wrong(`it has over ${JOBS.lines} lines`, 'too_large')
      const at = `line ${ids.size + 1}`
      ids.add(checked(bytes, at, endpoint, ids))
      const members = memberPlaces(bytes)
      for (const name of ['custom_id', 'body']) {
        for (const place of members.get(name)!) places.push(from + place)
      }
    }
    if (ids.size === 0) throw wrong('it has no lines')
    return { ok: true, places: Float64Array.from(places) }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { ok: false, fault: { reason: error.reason, message: error.message } }
  }
}

const FILE = "Cannot use the batch's file: "

const wrong = (what: string, reason: ApiError['reason'] = 'invalid_input') =>
  new ApiError(reason, FILE + what)

/** @returns the line's id @throws ApiError */
function checked(
  bytes: Uint8Array,
  at: string,
  endpoint: string,
  others: ReadonlySet<string>,
): string {
  const read = lineSchema.safeParse(readJson(bytes, ELEMENTS, true, FILE + at))
  if (!read.success) {
    const { path, message } = read.error.issues[0]!
    throw wrong(`${at}: ${path.join('.') || 'it'}: ${message}`)
  }
  const { custom_id, url, body } = read.data
  if (others.has(custom_id)) throw wrong(`${at}: custom_id is there twice`)
  if (url !== endpoint) throw wrong(`${at}: url must be the batch's ${endpoint}`)
  if (body['stream'] === true) throw wrong(`${at}: a call of a batch cannot stream`)
  return custom_id
}

/** Lines that are not empty, each with its position. */
async function* linesOf(path: string): AsyncGenerator<{ bytes: Uint8Array; from: number }> {
  let parts: Uint8Array[] = []
  let length = 0
  let from = 0
  const keep = (bytes: Uint8Array) => {
    length += bytes.length
    if (length > MAX_BODY_BYTES) {
      throw wrong(`a line has over ${MAX_BODY_BYTES} bytes`, 'too_large')
    }
    parts.push(bytes)
  }
  const take = () => {
    const line = { bytes: Buffer.concat(parts), from }
    parts = []
    length = 0
    return line.bytes.some((byte) => byte > 0x20) ? line : undefined
  }
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK })) {
    const bytes: Uint8Array = chunk
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      keep(bytes.subarray(start, end))
      start = end + 1
      const next = from + length + 1
      const line = take()
      if (line !== undefined) yield line
      from = next
    }
    keep(bytes.subarray(start))
  }
  const last = take()
  if (last !== undefined) yield last
}
