/**
 * The loop that generates for all queries of a variant: sequences join and leave between its steps. A
 * step takes a run of all rows that wait for their next token, and one of prompts that are read. A run
 * cannot be broken off, so prompts are read in pieces while others wait.
 *
 * @module
 */
import type { DecoderShape } from '../../../pipeline/decoder_shape.ts'
import type { GenerateTask, Said } from '../../../pipeline/generate.ts'
import type { Tokenizer } from '../../../stages/generate/types.ts'
import type { Model } from '../../../stages/types.ts'
import { BLOCK, createCache } from './cache.ts'
import { deferred } from './deferred.ts'
import { createDecoder, type LaneName } from './decoder.ts'
import { createSampler } from './sampler.ts'
import { type Ended, type Request, Sequence } from './sequence.ts'
import { groupsOf, mayBeFeeds } from './sharing.ts'
import { type Cost, createTrial } from './trial.ts'
import { nextTurn } from './turn.ts'

export interface LoopParts {
  model: Model
  shape: DecoderShape
  task: GenerateTask
  tokenizer: Tokenizer
  nowMs(): number
  /** Called after each step with how long it took; the next one waits for what it gives. */
  rest?(stepMs: number): Promise<unknown> | undefined
  /** The engine compiles for shapes: few are used. */
  fillsUp?: boolean
  /** Tokens of prompts that a step reads while others wait for their next token. */
  chunk?: number
  /** As `chunk`, when nobody waits. */
  chunkAlone?: number
  /** What was said is told so often at most. */
  tellMs?: number
  /** Seeds for queries that name none. */
  seed?(): number
}

export interface Joined {
  /** Rejects only where the engine is broken. */
  done: Promise<Ended>
  /** Ends it as `left`; its row is free before the next step. */
  leave(): void
}

export interface Loop {
  add(request: Request, tell?: (said: Said) => void): Joined
  /** What a usual batch of so many costs, from a few runs. */
  measure(batch: number): Promise<Cost>
  /** Runs what will be run, so that it is compiled. To be called before the first `add`. */
  warm(): Promise<void>
  /** Ends all that is under way as `left`. */
  close(): void
  readonly running: number
  readonly waiting: number
  /** Memory of what was read and said. */
  readonly bytes: number
  readonly mostBytes: number
}

/** A prompt's piece of 32 tokens costs a few steps of eight rows. */
const CHUNK = 32
const CHUNK_ALONE = 256
/** So many tokens are no prompt any more: they run as a row that goes on. */
const FEW = 16
const TELL_MS = 20
/** So long, and for so many steps, whoever else wants this thread may wait: a turn costs a tenth of a step. */
const TURN_MS = 1
const STEPS_OF_TURN = 8

const anySeed = () => crypto.getRandomValues(new Uint32Array(1))[0]!

/** A graph may give the logits of every token that it reads: so many numbers a run. */
const MOST_LOGITS = 2 ** 22

/** What is done between two steps. */
interface Job {
  run(): Promise<void>
  fail(error: unknown): void
}

/** One loop for a variant; it runs while there are sequences, and holds memory as long as it lives. */
export function createLoop(parts: LoopParts): Loop {
  const { model, shape, task, tokenizer, nowMs, rest, fillsUp = false, tellMs = TELL_MS } = parts
  const { chunk = CHUNK, seed = anySeed } = parts
  const ofLogits = shape.kind === 'slot' ? Infinity : Math.floor(MOST_LOGITS / shape.vocab)
  const chunkAlone = Math.max(chunk, Math.min(parts.chunkAlone ?? CHUNK_ALONE, ofLogits))
  const decoder = createDecoder(model, shape, fillsUp)
  const sampler = createSampler(Math.min(shape.vocab, tokenizer.size))
  const cache = createCache(shape, task.rows * Math.ceil(task.context / BLOCK) * BLOCK)
  const trial = createTrial({ decoder, shape, task, nowMs, chunk: chunkAlone })
  /** Earliest deadline first. */
  let waiting: Sequence[] = []
  let running: Sequence[] = []
  const jobs: Job[] = []
  let isDriving = false
  let isPrepared = false
  let isClosed = false
  let broken: { error: unknown } | undefined

  function end(member: Sequence): void {
    member.kv?.close()
    member.outcome.resolve(member.ended!)
  }

  /** Those that ended make room. */
  function reap(timeMs: number): void {
    const goesOn = (member: Sequence) => {
      if (member.ended === undefined && member.request.expiresMs <= timeMs) {
        member.ended = { ok: false, reason: 'expired', message: 'Its time is over' }
      }
      if (member.ended !== undefined) end(member)
      return member.ended === undefined
    }
    running = running.filter(goesOn)
    waiting = waiting.filter(goesOn)
  }

  function admit(): void {
    while (running.length < task.rows && waiting.length > 0) {
      const kv = cache.open(waiting[0]!.mostTokens)
      if (kv === undefined) return
      const member = waiting.shift()!
      member.kv = kv
      running.push(member)
    }
  }

  /** One run; where it fails, each row alone, so that one does not take the others with it. */
  async function run(rows: Sequence[], lane: LaneName): Promise<void> {
    try {
      const logits = await decoder.run(rows, lane)
      for (let i = 0; i < rows.length; i++) {
        if (rows[i]!.ended === undefined && rows[i]!.pending === 0) rows[i]!.goOn(logits[i]!)
      }
    } catch (error) {
      if (!mayBeFeeds(error)) throw error
      if (rows.length === 1) return rows[0]!.fail(error)
      for (const row of rows) await run([row], 'chunks')
    }
  }

  const isRead = (member: Sequence) =>
    member.kv.length > 0 && (
      member.pending <= FEW || decoder.sharing.wholePrompts
    )

  async function step(): Promise<void> {
    const steady: Sequence[] = []
    const reading: Sequence[] = []
    for (const member of running) (isRead(member) ? steady : reading).push(member)
    for (const member of steady) member.count = decoder.sharing.wholePrompts ? 1 : member.pending
    for (const group of groupsOf(steady, decoder.sharing)) {
      await run(group, group[0]!.count === 1 ? 'steps' : 'chunks')
    }
    if (reading.length > 0) await read(reading, steady.length > 0 ? chunk : chunkAlone)
  }

  /** A piece of the prompt whose deadline is next, and of those that have one as long. */
  async function read(reading: Sequence[], most: number): Promise<void> {
    const { sharing } = decoder
    const [first, ...others] = reading.sort((a, b) => a.request.expiresMs - b.request.expiresMs)
    const count = sharing.wholePrompts ? first!.pending : Math.min(first!.pending, most)
    first!.count = count
    const piece = [first!]
    for (const member of others) {
      if ((piece.length + 1) * count > most) break
      member.count = sharing.wholePrompts ? member.pending : Math.min(member.pending, count)
      if (groupsOf([...piece, member], sharing).length === 1) piece.push(member)
    }
    await run(piece, 'chunks')
  }

  function tellAll(timeMs: number): void {
    for (const member of running) {
      if (member.ended !== undefined || timeMs - member.toldMs < tellMs) continue
      member.toldMs = timeMs
      member.sayMore()
    }
  }

  async function drive(): Promise<void> {
    isDriving = true
    try {
      let turnMs = nowMs()
      for (let steps = 1; running.length + waiting.length + jobs.length > 0; steps++) {
        for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await job.run()
        const fromMs = nowMs()
        reap(fromMs)
        admit()
        if (running.length > 0) {
          if (!isPrepared) await prepare()
          await step()
        }
        const timeMs = nowMs()
        tellAll(timeMs)
        reap(timeMs)
        await rest?.(timeMs - fromMs)
        if (timeMs - turnMs < TURN_MS && steps % STEPS_OF_TURN !== 0) continue
        await nextTurn()
        turnMs = timeMs
      }
    } catch (error) {
      broken = { error }
      for (const member of [...running, ...waiting.splice(0)]) member.outcome.reject(error)
      for (const job of jobs.splice(0)) job.fail(error)
      running = []
    } finally {
      isDriving = false
    }
  }

  async function prepare(): Promise<void> {
    await decoder.prepare()
    isPrepared = true
  }

  function leave(member: Sequence): void {
    member.ended ??= { ok: false, reason: 'left', message: 'Nobody waits for it any more' }
  }

  function start(): void {
    if (!isDriving) void drive()
  }

  /** Between two steps: runs of its own are not to be timed together with others. */
  function between<T>(job: () => Promise<T>): Promise<T> {
    if (broken !== undefined) return Promise.reject(broken.error)
    const { promise, resolve, reject } = deferred<T>()
    jobs.push({ run: () => job().then(resolve, reject), fail: reject })
    start()
    return promise
  }

  return {
    add(request, tell) {
      const member = new Sequence(request, { task, tokenizer, sampler, seed }, tell)
      const { expiresMs } = request
      // Nobody may wait for one that was left.
      member.outcome.promise.catch(() => {})
      if (isClosed) leave(member)
      if (broken !== undefined) member.outcome.reject(broken.error)
      else if (member.ended !== undefined) end(member)
      else {
        const at = waiting.findIndex((other) => other.request.expiresMs > expiresMs)
        waiting.splice(at === -1 ? waiting.length : at, 0, member)
        start()
      }
      return { done: member.outcome.promise, leave: () => leave(member) }
    },
    measure: (batch) =>
      between(async () => {
        if (!isPrepared) await prepare()
        return await trial.measure(Math.min(batch, task.rows))
      }),
    warm: () =>
      between(async () => {
        if (!isPrepared) await prepare()
        await trial.warm()
      }),
    close() {
      isClosed = true
      for (const member of [...running, ...waiting]) leave(member)
    },
    get running() {
      return running.length
    },
    get waiting() {
      return waiting.length
    },
    get bytes() {
      return cache.bytes + decoder.bytes
    },
    mostBytes: cache.mostBytes + decoder.mostBytes(task.rows, task.context),
  }
}
