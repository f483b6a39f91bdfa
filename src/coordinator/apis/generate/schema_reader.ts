/**
 * Whether answers can be kept to a JSON schema. Schemas are read in a worker, one after another, and what
 * came of one is kept: a schema that comes again, or is tried again, is not read again.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { ApiError } from '../../core/api_error.ts'
import type { Deadlines } from '../../core/deadlines.ts'
import { createWorkerCalls } from '../../core/worker_calls.ts'
import { createBodyRoom } from '../../http/bodies/room.ts'

/** What of a schema answers cannot be kept to. */
export interface SchemaFault {
  reason: 'invalid_input' | 'too_large'
  message: string
}

/** What runs in the worker. @param json a schema */
export type ReadSchema = (json: string) => SchemaFault | undefined

/** Who asks, and until when. */
export interface Asker {
  /** When they have to have an answer. */
  lateMs: number
  /** Of a caller elsewhere. */
  address: string | undefined
}

export interface SchemaReader {
  /** @throws ApiError where answers cannot be kept to it, or it was not read in time */
  check(schema: object, asker: Asker): Promise<void>
  /** Those that wait are not read any more. */
  stop(): void
}

/** Longest time that one schema keeps the worker. None takes a second; a machine may be busy. */
const MAX_READ_MS = 30_000
/** Schemas that wait to be read. */
const MOST_WAITING = 64
/** Schemas that are remembered, by their hash. */
const MOST_KNOWN = 10_000
const PARAM = 'response_format'

interface Reading {
  hash: string
  json: string
  /** Of whoever asked first. */
  address: string | undefined
  /** Calls that wait for it. */
  asking: number
  read: PromiseWithResolvers<SchemaFault | undefined>
}

export interface SchemaReaderOptions {
  now: () => number
  deadlines: Deadlines
  /** Starts `workers/schemas.ts`. */
  createWorker: () => Worker
}

export function createSchemaReader(options: SchemaReaderOptions): SchemaReader {
  const calls = createWorkerCalls<ReadSchema>({ ...options, what: 'read a schema' })
  const room = createBodyRoom(MOST_WAITING, 'take a schema', 'schemas that wait')
  /** By hash, the one asked for last at the end. */
  const known = new Map<string, SchemaFault | undefined>()
  /** By hash, in the order of their turn; the first is in the worker. */
  const readings = new Map<string, Reading>()
  let busy = false

  async function work(): Promise<void> {
    if (busy) return
    busy = true
    for (const one of readings.values()) {
      const { hash, json, read } = one
      try {
        const fault = await calls.call(MAX_READ_MS, async (read) => await read(json))
        remember(hash, fault)
        read.resolve(fault)
      } catch (error) {
        read.reject(error)
      }
      drop(one)
    }
    busy = false
  }

  function remember(hash: string, fault: SchemaFault | undefined): void {
    known.delete(hash)
    known.set(hash, fault)
    if (known.size > MOST_KNOWN) known.delete(known.keys().next().value!)
  }

  function drop(one: Reading): void {
    if (readings.get(one.hash) !== one) return
    readings.delete(one.hash)
    room.hold(-1, one.address)
  }

  /** Of those who ask for the same schema one has it read. */
  function readingOf(hash: string, json: string, address: string | undefined): Reading {
    const same = readings.get(hash)
    if (same !== undefined) return same
    room.hold(1, address)
    const one: Reading = { hash, json, address, asking: 0, read: Promise.withResolvers() }
    // Nobody may be there any more to hear of it.
    one.read.promise.catch(() => {})
    readings.set(hash, one)
    void work()
    return one
  }

  async function read(hash: string, json: string, { lateMs, address }: Asker) {
    const one = readingOf(hash, json, address)
    const late = Promise.withResolvers<never>()
    const callOff = options.deadlines.at(lateMs, () => {
      const message = 'Cannot answer in time: the schema waited too long to be read'
      late.reject(new ApiError('deadline_exceeded', message))
    })
    one.asking++
    try {
      return await Promise.race([one.read.promise, late.promise])
    } finally {
      callOff()
      one.asking--
      const [first] = readings.values()
      if (one.asking === 0 && one !== first) drop(one)
    }
  }

  return {
    async check(schema, asker) {
      const json = JSON.stringify(schema)
      const hash = createHash('sha256').update(json).digest('base64')
      const isKnown = known.has(hash)
      const fault = isKnown ? known.get(hash) : await read(hash, json, asker)
      if (isKnown) remember(hash, fault)
      if (fault !== undefined) throw new ApiError(fault.reason, fault.message, undefined, PARAM)
    },
    stop() {
      const why = new ApiError('draining', 'Cannot take a query: shutting down')
      for (const one of [...readings.values()]) {
        one.read.reject(why)
        drop(one)
      }
      calls.end(why)
    },
  }
}
