/**
 * Variants that generate, for measuring: answers to items, and what a usual batch takes.
 *
 * @module
 */
import { createGenerators } from '../../node/engine/generate/create_generator.ts'
import type { Generator } from '../../node/engine/generate/generator.ts'
import type { Task, Variant } from '../../pipeline/schema.ts'
import type { ItemResult, Model, StageItem } from '../../stages/types.ts'
import { median } from '../statistics.ts'
import type { Latency } from './messages.ts'

export interface ToGenerate {
  task: Task
  variant: Variant
  model: Model
  bytes: Uint8Array
  /** Files by their names: tokenizer and template are among them. */
  readText(name: string): Promise<string>
}

const create = createGenerators()
const ROUNDS = 3

export async function openGenerator(given: ToGenerate, hash: string): Promise<Generator> {
  const { task, variant, model, bytes, readText } = given
  const texts: { [use: string]: string } = {}
  for (const [use, name] of Object.entries(task['files'] ?? {})) {
    texts[use] = await readText(String(name))
  }
  const spec = { key: hash, hash, task, variant, next: [], texts }
  return await create({ spec, model, bytes, compiles: false })
}

export async function answersOf(
  generator: Generator,
  items: readonly StageItem[],
): Promise<ItemResult[]> {
  const listener = { hear: () => {}, expiresMs: Infinity }
  return await Promise.all(items.map((item) => generator.add(item, listener).done))
}

/** Of a usual batch as a whole. */
export async function measureGenerating(generator: Generator, batch: number): Promise<Latency> {
  await generator.warm()
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const { runMs, rows } = await generator.measure(batch)
    times.push(runMs * batch / rows)
  }
  return { batch, runs: ROUNDS, minMs: Math.min(...times), medianMs: median(times) }
}
