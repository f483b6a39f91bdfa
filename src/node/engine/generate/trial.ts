/**
 * Runs that nobody asked for: what compiles before the first query comes, and what a usual batch costs,
 * from a few runs in place of the whole answer.
 *
 * @module
 */
import type { DecoderShape } from '../../../pipeline/decoder_shape.ts'
import type { GenerateTask } from '../../../pipeline/generate.ts'
import { batchSizes } from '../batch_shapes.ts'
import { BLOCK, createCache, type Kv } from './cache.ts'
import type { Decoder } from './decoder.ts'

export interface Cost {
  runMs: number
  /** Sequences that it is for. */
  rows: number
}

export interface TrialParts {
  decoder: Decoder
  shape: DecoderShape
  task: GenerateTask
  nowMs(): number
  /** Tokens of prompts that a run takes at most. */
  chunk: number
}

/** Warming ends here: a slow machine is found out by measuring. */
const WARM_MS = 3000
/** First runs are slower: below this many ms another is worth its time. */
const AGAIN_BELOW_MS = 400
const RUNS = 4
const LEAST_MS = 0.001

export function createTrial({ decoder, shape, task, nowMs, chunk }: TrialParts) {
  /** Sequences of which so many tokens were read: zeros, which take as long as any. */
  function rowsOf(batch: number, length: number, count: number, runs = 1) {
    const each = Math.ceil((length + runs * count) / BLOCK) * BLOCK
    const cache = createCache(shape, batch * each)
    return Array.from({ length: batch }, () => {
      const kv = cache.open(each)!
      if (length > 0) fill(kv, length)
      return { kv, ids: new Array<number>(each).fill(0), count }
    })
  }

  function fill(kv: Kv, length: number): void {
    const zeros = new Float32Array(shape.kvHeads * length * shape.headDim)
    for (let part = 0; part < 2 * shape.layers; part++) kv.put(part, length, zeros, 0, length)
    kv.grow(length)
  }

  /** A run of so many rows, each with so many tokens behind such a past. */
  async function time(batch: number, length: number, count: number): Promise<number> {
    const isStep = count === 1
    // Steps follow each other; prompts are read but once.
    let rows = rowsOf(batch, length, count, isStep ? RUNS : 1)
    let leastMs = Infinity
    for (let run = 0; run < RUNS; run++) {
      if (!isStep && run > 0) rows = rowsOf(batch, length, count)
      const fromMs = nowMs()
      await decoder.run(rows, isStep ? 'steps' : 'chunks')
      const runMs = Math.max(nowMs() - fromMs, LEAST_MS)
      leastMs = Math.min(leastMs, runMs)
      if (runMs > AGAIN_BELOW_MS) break
    }
    return leastMs
  }

  const prompt = Math.max(1, Math.min(task.typical.prompt, task.context - 1))
  const completion = Math.min(task.typical.completion, task.context - prompt)
  /** Rows that a run can take together where those of unequal length run apart. */
  const together = (batch: number) => decoder.sharing.evenPasts ? 1 : batch

  return {
    async measure(batch: number): Promise<Cost> {
      const most = decoder.sharing.wholePrompts ? prompt : Math.min(prompt, chunk)
      const readers = Math.max(1, Math.min(batch, Math.floor(chunk / most)))
      const readMs = await time(readers, 0, most) * (prompt / most) * (batch / readers)
      const rows = together(batch)
      const length = Math.min(prompt + (completion >> 1), task.context - 1)
      const stepMs = await time(rows, Math.max(0, length - RUNS), 1) * (batch / rows)
      // The first token comes with the prompt.
      return { runMs: readMs + (completion - 1) * stepMs, rows: batch }
    },

    /** Each number of rows, and each length of the past up to a usual one, as far as time allows. */
    async warm(): Promise<void> {
      const fromMs = nowMs()
      const shapes: [batch: number, length: number, count: number][] = [
        [1, 0, Math.min(prompt, chunk)],
      ]
      const usual = Math.min(prompt + completion, task.context - 1)
      for (const batch of batchSizes(together(task.rows))) {
        shapes.push([Math.min(batch, task.rows), Math.min(prompt, task.context - 1), 1])
      }
      for (let length = BLOCK; length <= usual; length += BLOCK) shapes.push([1, length, 1])
      for (const [batch, length, count] of shapes) {
        if (nowMs() - fromMs > WARM_MS) return
        await decoder.run(rowsOf(batch, length, count), count === 1 ? 'steps' : 'chunks')
      }
    },
  }
}
