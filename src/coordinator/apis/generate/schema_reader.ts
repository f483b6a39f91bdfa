/**
 * Checks whether answers can be kept to a JSON schema. Schemas are read in a worker, one after
 * another, and their results are remembered: a schema that comes again is not read again.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { ApiError } from '../../core/api_error.ts'
import type { Deadlines } from '../../core/deadlines.ts'
import { createWorkerCalls } from '../../core/worker_calls.ts'
import { createBodyRoom } from '../../http/bodies/room.ts'

/** Why answers cannot be kept to a schema. */
export interface SchemaFault {
  reason: 'invalid_input' | 'too_large'
  message: string
}

/** The worker's function. @param json a schema */
export type ReadSchema = (json: string) => SchemaFault | undefined

/** The call that needs a schema. */
export interface SchemaCall {
  /** The deadline of its answer. */
  lateMs: number
  /** Key or address of the caller; absent for this machine. */
  address: string | undefined
}

export interface SchemaReader {
  /** @throws ApiError where answers cannot be kept to it, or it was not read in time */
  check(schema: object, call: SchemaCall): Promise<void>
  /** Refuses the schemas that wait. */
  stop(): void
}

/** Longest time of one schema in the worker. None takes a second; a machine may be busy. */
const MAX_READ_MS = 30_000
/** Schemas that wait to be read. */
const MOST_WAITING = 64
/** Results that are remembered, by the hash of their schema. */
const MOST_RESULTS = 10_000
const PARAM = 'response_format'

interface Reading {
  hash: string
  json: string
  /** Key or address of the first call. */
  address: string | undefined
  /** Calls that wait for it. */
  calls: number
  read: PromiseWithResolvers<SchemaFault | undefined>
}

export interface SchemaReaderOptions {
  now: () => number
  deadlines: Deadlines
  /** Starts `workers/schemas.ts`. */
  createWorker: () => Worker
}

export function createSchemaReader(options: SchemaReaderOptions): SchemaReader {
  const worker = createWorkerCalls<ReadSchema>({ ...options, what: 'read a schema' })
  const room = createBodyRoom(MOST_WAITING, 'take a schema', 'schemas that wait')
  /** Results by hash, the last used at the end. */
  const results = new Map<string, SchemaFault | undefined>()
  /** Readings by hash, in the order of their turn; the first is in the worker. */
  const readings = new Map<string, Reading>()
  let busy = false

  async function work(): Promise<void> {
    if (busy) return
    busy = true
    for (const one of readings.values()) {
      const { hash, json, read } = one
      try {
        const fault = await worker.call(MAX_READ_MS, async (read) => await read(json))
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
    results.delete(hash)
    results.set(hash, fault)
    if (results.size > MOST_RESULTS) results.delete(results.keys().next().value!)
  }

  function drop(one: Reading): void {
    if (readings.get(one.hash) !== one) return
    readings.delete(one.hash)
    room.hold(-1, one.address)
  }

  /** The reading of a schema, which calls with the same schema share. */
  function readingOf(hash: string, json: string, address: string | undefined): Reading {
    const same = readings.get(hash)
    if (same !== undefined) return same
    room.hold(1, address)
    const one: Reading = { hash, json, address, calls: 0, read: Promise.withResolvers() }
    // All calls may have left before the reading fails.
    one.read.promise.catch(() => {})
    readings.set(hash, one)
    void work()
    return one
  }

  async function read(hash: string, json: string, { lateMs, address }: SchemaCall) {
    const one = readingOf(hash, json, address)
    const late = Promise.withResolvers<never>()
    const cancelTimer = options.deadlines.at(lateMs, () => {
      const message = 'Cannot answer in time: the schema waited too long to be read'
      late.reject(new ApiError('deadline_exceeded', message))
    })
    one.calls++
    try {
      return await Promise.race([one.read.promise, late.promise])
    } finally {
      cancelTimer()
      one.calls--
      const [first] = readings.values()
      if (one.calls === 0 && one !== first) drop(one)
    }
  }

  return {
    async check(schema, call) {
      const json = JSON.stringify(schema)
      const hash = createHash('sha256').update(json).digest('base64')
      const isRemembered = results.has(hash)
      const fault = isRemembered ? results.get(hash) : await read(hash, json, call)
      if (isRemembered) remember(hash, fault)
      if (fault !== undefined) throw new ApiError(fault.reason, fault.message, undefined, PARAM)
    },
    stop() {
      const why = new ApiError('draining', 'Cannot take a query: shutting down')
      for (const one of [...readings.values()]) {
        one.read.reject(why)
        drop(one)
      }
      worker.end(why)
    },
  }
}
