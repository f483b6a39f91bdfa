/**
 * Hands in what is to be read, a bounded number of jobs at once, and writes what comes of them.
 *
 * @module
 */
import { inBatches } from '../../client/document.ts'
import { faultLines } from '../../client/fault_lines.ts'
import { hasEnded, jobPath, type WholeJob } from '../../client/job_facts.ts'
import type { JobResult } from '../../client/job_types.ts'
import { type Client, ShoalError } from '../../client/mod.ts'
import { moment } from '../../client/when.ts'
import { plural } from '../../pages/format.ts'
import { fetchOutputs, type Target } from './fetch_outputs.ts'
import { type HandIn, handIn } from './hand_in.ts'
import { type Progress, standingOf } from './progress.ts'
import type { FolderState, OpenJob } from './state.ts'
import type { Found } from './walk.ts'

/** Of one job: so much is sent again where it breaks off. */
const BATCH = { files: 500, bytes: 512 * 1024 * 1024 }
/** The coordinator takes a hundred, of all who ask. */
const JOBS_AT_ONCE = 16
const LOOK_EVERY_MS = 1000

export interface RunParts {
  client: Client
  target: Target
  order: HandIn
  state: FolderState
  progress: Progress
  signal: AbortSignal
}

interface Followed {
  open: OpenJob
  /** As it was last told of. */
  job?: WholeJob
  /** With pages that failed, as of `job`. */
  results?: JobResult[]
  /** Places of documents that are written, or will not be. */
  settled: Set<number>
}

export interface Outcome {
  written: number
  /** Documents that are not read, or not all of their pages. */
  faulty: number
  /** What is wrong with those whose faults are known, a line each. */
  faults: string[]
}

export class Run {
  readonly #followed: Followed[] = []
  /** All that were followed, those that ended among them: for the bar. */
  readonly #told = new Map<string, WholeJob>()
  readonly #toSend: Found[][]
  #written = 0
  #faulty = 0
  readonly #faults: string[] = []
  #unreached = false
  #warned = false

  /**
   * @param toRead that no job has
   * @param under way already
   */
  constructor(
    private readonly parts: RunParts,
    toRead: readonly Found[],
    open: readonly OpenJob[],
  ) {
    this.#toSend = inBatches(toRead, BATCH)
    for (const one of open) this.#followed.push({ open: one, settled: new Set() })
  }

  get outcome(): Outcome {
    return { written: this.#written, faulty: this.#faulty, faults: this.#faults }
  }

  /** Hands in all that is taken, and follows none. @returns how many documents were not taken */
  async detach(): Promise<number> {
    while (this.#toSend.length > 0) {
      try {
        await this.#send()
      } catch (error) {
        if (!isFull(error)) throw error
        break
      }
    }
    return this.#toSend.flat().length
  }

  /** Until all is written. @throws the reason of the signal; ShoalError; Error of a disk */
  async follow(): Promise<Outcome> {
    const { signal } = this.parts
    while (this.#toSend.length > 0 || this.#followed.length > 0) {
      signal.throwIfAborted()
      if (this.#toSend.length > 0 && this.#followed.length < JOBS_AT_ONCE) {
        await this.#send().catch((error) => {
          // Something of what is there has to end first.
          if (!isFull(error) || this.#followed.length === 0) throw error
        })
      }
      for (const one of [...this.#followed]) await this.#look(one)
      const { text, ratio } = standingOf([...this.#told.values()], new Date())
      if (this.#told.size > 0 && !this.#unreached) this.parts.progress.show(text, ratio)
      if (this.#followed.length > 0) await pause(LOOK_EVERY_MS, signal)
    }
    return this.outcome
  }

  /** What is not read yet is not wanted any more. */
  async cancel(): Promise<void> {
    const { client, state } = this.parts
    for (const { open } of this.#followed) {
      await client.jobs.remove(open.id).catch(() => {})
      await state.ended(open)
    }
  }

  async #send(): Promise<void> {
    const { order, progress, signal, state } = this.parts
    const batch = this.#toSend[0]!
    const whole = batch.reduce((sum, { bytes }) => sum + bytes, 0)
    let bytes = 0
    const { job, open } = await handIn(order, batch, (more) => {
      bytes += more
      progress.show(`sending ${plural(batch.length, 'document')}`, bytes / whole)
    }, signal)
    await state.began(open)
    this.#toSend.shift()
    this.#followed.push({ open, job, settled: new Set() })
    this.#told.set(open.id, job)
  }

  async #look(one: Followed): Promise<void> {
    const { client, progress, signal, state } = this.parts
    const { open } = one
    try {
      const job = await client.request<WholeJob>('GET', jobPath(open.id))
      this.#told.set(open.id, one.job = job)
      delete one.results
      this.#reached(true)
      this.#warn(job)
      for (const n of job.documents.keys()) {
        if (hasEnded(job.documents[n]!)) await this.#settle(one, n)
      }
      if (!hasEnded(job)) return
      const missing = job.documents.length - one.settled.size
      if (missing > 0) {
        progress.say(`cancelled elsewhere: ${plural(missing, 'document')} of job ${open.id}`)
      }
      this.#faulty += missing
      this.#drop(one)
      await state.ended(open)
      // All of it is here: nothing needs to stay there.
      await client.jobs.remove(open.id).catch(() => {})
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof ShoalError)) throw error
      if (error.status === 404) {
        const lost = open.documents.length - one.settled.size
        progress.say(`removed elsewhere: ${plural(lost, 'document')} of job ${open.id}`)
        this.#faulty += lost
        this.#drop(one)
        await state.ended(open)
      } else if (error.status === 401 || error.status === 403) throw error
      else this.#reached(false)
    }
  }

  /** Writes what came of a document, once. */
  async #settle(one: Followed, n: number): Promise<void> {
    const { client, signal, state, target } = this.parts
    const [document, sent] = [one.job!.documents[n]!, one.open.documents[n]]
    if (one.settled.has(n) || sent === undefined) return
    if (document.state !== 'cancelled') {
      const { outputs } = one.open
      const written = await fetchOutputs(target, sent.name, document, outputs, signal)
      const isFaulty = document.state === 'failed' || document.error !== undefined ||
        document.pages.failed > 0
      if (isFaulty) {
        if (document.pages.failed > 0) one.results ??= await client.jobs.results(one.open.id)
        const lines = faultLines(document, one.results?.[n]?.failedPages ?? [])
        this.#faults.push(...lines.map((line) => `${sent.name}: ${line}`))
        this.#faulty++
      }
      if (Object.keys(written).length > 0) {
        this.#written++
        await state.wrote(sent, written)
      }
      one.settled.add(n)
    }
  }

  #drop(one: Followed): void {
    this.#followed.splice(this.#followed.indexOf(one), 1)
  }

  #reached(is: boolean): void {
    if (this.#unreached === !is) return
    this.#unreached = !is
    const { progress, order } = this.parts
    progress.say(is ? `${order.url} answers again` : `${order.url} does not answer; trying again`)
  }

  #warn({ by, inTime, estimateAt }: WholeJob): void {
    if (this.#warned || inTime !== false || by === null || estimateAt === null) return
    this.#warned = true
    const [wanted, about] = [by, estimateAt].map((at) => moment(new Date(at), new Date()))
    this.parts.progress.say(
      `not all is ready by ${wanted}, but about ${about}; more devices would help`,
    )
  }
}

const isFull = (error: unknown) =>
  error instanceof ShoalError && (error.reason === 'queue_full' || error.reason === 'rate_limited')

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, reject) => {
    const stop = () => reject(signal.reason)
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      done()
    }, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      stop()
    }, { once: true })
  })
}
