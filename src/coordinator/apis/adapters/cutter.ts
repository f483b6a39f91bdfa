/**
 * Documents whose callers wait, counted and cut into parts, each in a worker of its own; a few are
 * open at once. An idle document is closed where another waits, and opened again for its next part.
 * Each step is raced against the deadline of its call and the end of its worker.
 *
 * @module
 */
import type { Documents, Fault, Part } from '../../../documents/documents.ts'
import { ApiError } from '../../core/api_error.ts'
import type { Deadlines } from '../../core/deadlines.ts'
import type { Gone } from '../../core/gone.ts'
import { createDocuments, type SupervisedDocuments } from '../../jobs/documents/worker.ts'
import { createPlaces, type Holder, type Places } from './places.ts'

export interface OpenDocument {
  pages: number
  /** @throws ApiError */
  part(from: number, count: number): Promise<Part>
  /** Ends its worker; may be called more than once. */
  close(): void
}

export interface ToCut {
  bytes: Uint8Array
  /** Key or address of the caller. */
  caller: string
  /** The deadline of the call. */
  lateMs: number
  gone: Gone
}

export interface Cutter {
  /** @throws ApiError for a file that is no document, or that was not opened in time */
  open(document: ToCut): Promise<OpenDocument>
}

export interface CutterOptions {
  /** Starts `workers/documents.ts`. */
  createWorker: () => Worker
  deadlines: Deadlines
  now: () => number
}

export function createCutter(options: CutterOptions): Cutter {
  const places = createPlaces()
  return {
    async open(document) {
      const cutting = new Cutting(options, places, document)
      try {
        const { pages } = await cutting.step((documents) => documents.open(document.bytes))
        cutting.isCounted = true
        return {
          pages,
          part: (from, count) => cutting.step((documents) => documents.part(from, count)),
          close: () => cutting.end(),
        }
      } catch (error) {
        cutting.end()
        throw error
      }
    },
  }
}

const late = () =>
  new ApiError('deadline_exceeded', 'Cannot answer in time: the document took too long to open')

/** One document until the end of its call. */
class Cutting implements Holder {
  readonly caller: string
  isCounted = false
  #documents: SupervisedDocuments | undefined
  /** Resolves once the document has a place, and is open again where it was open before. */
  #place: Promise<void> | undefined
  #resolve = () => {}
  #steps = 0
  #isOver = false
  readonly #over = Promise.withResolvers<never>()
  readonly #cancels: (() => void)[]

  constructor(
    private readonly options: CutterOptions,
    private readonly places: Places,
    private readonly document: ToCut,
  ) {
    this.caller = document.caller
    this.#over.promise.catch(() => {})
    this.#cancels = [
      options.deadlines.at(document.lateMs, () => this.end(late())),
      document.gone((why) => this.end(why)),
    ]
  }

  get isIdle(): boolean {
    return this.#documents !== undefined && this.#steps === 0
  }

  given(): void {
    const { createWorker, deadlines, now } = this.options
    this.#documents = createDocuments({ createWorker, deadlines, now })
    this.#resolve()
  }

  taken(): void {
    this.#documents?.stop()
    this.#documents = this.#place = undefined
  }

  end(why: unknown = late()): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#over.reject(why)
    for (const cancel of this.#cancels) cancel()
    this.taken()
    this.places.leave(this)
  }

  /** @throws ApiError; then the document is closed: no second worker gets what ended the first */
  async step<T extends { ok: true }>(work: (documents: Documents) => Promise<T | Fault>) {
    this.#steps++
    try {
      const answered = await Promise.race([this.#over.promise, this.#answer(work)])
      if (answered.ok) return answered
      const { reason, message } = answered
      throw new ApiError(reason === 'encrypted' ? 'invalid_input' : reason, message)
    } catch (error) {
      this.end(error)
      throw error
    } finally {
      this.#steps--
      this.places.assign()
    }
  }

  async #answer<T extends { ok: true }>(work: (documents: Documents) => Promise<T | Fault>) {
    if (this.#isOver) return await this.#over.promise
    // The first step waits for a place and for the document to open; later steps share that wait.
    this.#place ??= this.#ask()
    await this.#place
    return await work(this.#documents!)
  }

  async #ask(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#resolve = resolve
    this.places.ask(this)
    await promise
    // The document was closed while another one had its place.
    if (this.isCounted) await this.#documents!.open(this.document.bytes)
  }
}
