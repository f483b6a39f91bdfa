/**
 * A batch of items whose answers are generated: what is said of them meanwhile, who leaves, and who is
 * out of time.
 *
 * @module
 */
import type { Said } from '../../../pipeline/generate.ts'
import type { ItemResult, StageItem } from '../../../stages/types.ts'
import { EngineError } from '../answer.ts'
import { deferred } from './deferred.ts'
import type { Generator, Sequence } from './generator.ts'
import { createSaidBuffer } from './said_buffer.ts'

export interface GeneratingBatch {
  /** One for each item, after all was heard that is said of them. @throws EngineError */
  results: Promise<ItemResult[]>
  leave(): void
  /** Tells that it lives. */
  alive(): void
}

type Failed = Extract<ItemResult, { ok: false }>

const LEFT: Failed = { ok: false, reason: 'expired', message: 'Nobody waits for it any more' }
const LATE: Failed = {
  ok: false,
  reason: 'expired',
  message: 'The deadline passed before the answer was whole',
}

/** @param expiresMs of all of them, by the clock of the worker */
export function startBatch(
  generator: Generator,
  items: readonly StageItem[],
  expiresMs: number,
  nowMs: () => number,
  tell: (said: Said[]) => unknown,
): GeneratingBatch {
  const said = createSaidBuffer(tell)
  const ends = items.map(() => deferred<ItemResult>())
  const sequences = new Map<number, Sequence>()
  const over = new Set<number>()

  /** Whatever becomes of its sequence. */
  function end(item: number, result: ItemResult): void {
    over.add(item)
    ends[item]!.resolve(result)
    sequences.get(item)?.leave()
  }

  function begin(item: number): Sequence | undefined {
    try {
      return generator.add(items[item]!, {
        expiresMs,
        hear(more) {
          if (!over.has(item)) said.add({ ...more, item })
        },
      })
    } catch (error) {
      if (error instanceof EngineError) throw error
      end(item, failedOf(error))
      return undefined
    }
  }

  async function generate(item: number): Promise<void> {
    try {
      const sequence = begin(item)
      if (sequence === undefined) return
      sequences.set(item, sequence)
      const result = await sequence.done
      over.add(item)
      ends[item]!.resolve(result)
    } catch (error) {
      // Of what runs together, and perhaps of the engine: no fault of this item.
      ends[item]!.reject(error as Error)
    }
  }

  function endAll(result: Failed): void {
    for (const item of items.keys()) if (!over.has(item)) end(item, result)
  }

  async function run(): Promise<ItemResult[]> {
    const timer = setTimeout(() => endAll(LATE), Math.max(0, expiresMs - nowMs()))
    try {
      for (const item of items.keys()) void generate(item)
      return await Promise.all(ends.map(({ promise }) => promise))
    } finally {
      clearTimeout(timer)
      // What failed fails for all: nobody waits for the others.
      endAll(LEFT)
      await said.flush()
    }
  }

  return {
    results: run(),
    leave: () => endAll(LEFT),
    alive: said.alive,
  }
}

const REASONS: readonly unknown[] = ['invalid_input', 'too_large', 'internal']

/** What cannot be generated for is the fault of the item where nothing else is said. */
function failedOf(error: unknown): Failed {
  const { reason, message } = error as { reason?: unknown; message?: string }
  return {
    ok: false,
    reason: REASONS.includes(reason) ? reason as Failed['reason'] : 'invalid_input',
    message: message ?? String(error),
  }
}
