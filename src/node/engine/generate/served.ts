/**
 * The variants of a worker that generate, and the batches that they generate for.
 *
 * @module
 */
import type { Said } from '../../../pipeline/generate.ts'
import type { ItemResult, Model, StageItem } from '../../../stages/types.ts'
import { EngineError } from '../answer.ts'
import { type GeneratingBatch, startBatch } from './batch.ts'
import type { CreateGenerator, Generator, GeneratorParts } from './generator.ts'
import { createSteps } from './steps.ts'

export interface Generated {
  results: ItemResult[]
  /** For how long of it the worker rested, in ms. */
  restedMs: number
}

export interface ServedGenerators {
  holds(key: string): boolean
  /** Takes the variant in, in place of one that was there. Returns what one usual item takes, in ms. */
  hold(given: GeneratorParts): Promise<number>
  /** What it generates fails. */
  drop(key: string): void
  /** @param tell of more of the answers; with nothing, that there will be more */
  generate(
    key: string,
    batch: number,
    items: readonly StageItem[],
    leftMs: number,
    tell: (said: Said[]) => unknown,
  ): Promise<Generated>
  leave(batch: number): void
  /** @param duty share of the time to work, 0..1 */
  pace(duty: number): void
  measure(key: string, batch: number): Promise<{ runMs: number; rows: number }>
}

interface Held {
  generator: Generator
  end(error: Error): void
}

/** Signs of life are far more frequent than what a slot's watchdog waits for. */
const ALIVE_EVERY_MS = 400

export function createServedGenerators(
  createGenerator: CreateGenerator | undefined,
  nowMs: () => number,
): ServedGenerators {
  const held = new Map<string, Held>()
  const batches = new Map<number, GeneratingBatch>()
  const steps = createSteps(nowMs)
  let duty = 1
  let heardOf = 0
  let beat: ReturnType<typeof setInterval> | undefined

  function holding(key: string): Generator {
    const found = held.get(key)?.generator
    if (found === undefined) throw new EngineError('not_held', `Cannot run ${key}: it is not held`)
    return found
  }

  /** A worker whose runs do not end says nothing, though its timers run. */
  function tellAlive(): void {
    if (steps.ended === heardOf && !steps.rests) return
    heardOf = steps.ended
    for (const batch of batches.values()) batch.alive()
  }

  /** Who measures rests by himself: only batches are paced here. */
  function noteBatches(): void {
    steps.duty = batches.size > 0 ? duty : 1
    if (batches.size > 0) beat ??= setInterval(tellAlive, ALIVE_EVERY_MS)
    else {
      clearInterval(beat)
      beat = undefined
    }
  }

  function drop(key: string): void {
    held.get(key)?.end(new EngineError('not_held', `${key} was unloaded`))
    held.delete(key)
  }

  return {
    holds: (key) => held.has(key),
    async hold({ model, ...given }) {
      if (createGenerator === undefined) {
        throw new EngineError('load_failed', 'this build generates nothing')
      }
      let isOver = false
      const run: Model['run'] = (...given) =>
        steps.run(() => {
          // Its session may be gone.
          if (isOver) throw new EngineError('run_failed', 'The variant was unloaded')
          return model.run(...given)
        })
      const generator = await createGenerator({ ...given, model: { ...model, run } })
      await generator.warm()
      const { runMs } = await generator.measure(1)
      drop(given.spec.key)
      held.set(given.spec.key, {
        generator,
        end(error) {
          isOver = true
          generator.end(error)
        },
      })
      return runMs
    },
    drop,
    async generate(key, number, items, leftMs, tell) {
      const restedMs = steps.restedMs
      const batch = startBatch(holding(key), items, nowMs() + leftMs, nowMs, tell)
      batches.set(number, batch)
      noteBatches()
      try {
        return { results: await batch.results, restedMs: steps.restedMs - restedMs }
      } finally {
        batches.delete(number)
        noteBatches()
      }
    },
    leave: (batch) => batches.get(batch)?.leave(),
    pace(to) {
      duty = to
      noteBatches()
    },
    measure: (key, batch) => holding(key).measure(batch),
  }
}
