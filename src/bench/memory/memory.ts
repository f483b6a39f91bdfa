/**
 * What variants take of a node's memory, next to what is reckoned with: each in a process of its
 * own, then all in one, loaded and with the largest batch run.
 * @module
 */
import { ENGINE_BYTES } from '../../node/limits/hold_limits.ts'
import { servedVariants } from '../../pipeline/hold.ts'
import { loadPipelines } from '../../cli/pipelines/load.ts'
import { OCR } from '../../cli/serve/serving.ts'
import { outputOf } from '../child.ts'
import type { MemoryStep } from './memory_child.ts'

/** Megabytes of resident memory after each step. */
async function measure(steps: readonly string[]): Promise<{ [step: string]: number }> {
  const output = await outputOf('./memory/memory_child.ts', [OCR, ...steps], [
    '--v8-flags=--expose-gc',
  ])
  const told = JSON.parse(output) as MemoryStep[]
  return Object.fromEntries(told.map(({ step, rss }) => [step, Math.round(rss / 1e6)]))
}

export async function benchMemory() {
  const [loaded] = await loadPipelines([OCR], () => {})
  const served = servedVariants(loaded!.pipeline, loaded!.models)
  const rows: { [column: string]: string | number | undefined }[] = []
  const row = (name: string, estimate: number, measured: { [step: string]: number }) => {
    const { process, engine, 'worker ended': ended, ...steps } = measured
    const most = Math.max(...Object.values(steps))
    // The engine's code is compiled with the first model: it counts to the worker, not to that.
    rows.push({
      ...{ variant: name, process, engine, most, ended, slot: most - process! },
      estimate: Math.round((ENGINE_BYTES + estimate) / 1e6),
    })
  }
  const all: string[] = []
  for (const { pipeline, task, variant, memoryBytes } of served) {
    const key = `${pipeline}/${task}/${variant}`
    all.push(`+${key}`, `*${key}`)
    row(variant, memoryBytes, await measure([`+${key}`, `*${key}`, `-${key}`]))
  }
  // A pipeline at its best and at its quickest; the engine is there once.
  for (const pair of pairs(served)) {
    const keys = pair.map(({ pipeline, task, variant }) => `${pipeline}/${task}/${variant}`)
    const steps = [
      ...keys.flatMap((key) => [`+${key}`, `*${key}`]),
      ...keys.map((key) => `-${key}`),
    ]
    row(
      pair.map(({ variant }) => variant).join(', '),
      pair.reduce((sum, one) => sum + one.memoryBytes, 0),
      await measure(steps),
    )
  }
  row('all', served.reduce((sum, one) => sum + one.memoryBytes, 0), await measure(all))
  console.table(rows)
  console.log('MB of resident memory; slot: beyond the process alone, against the estimate')
  return rows
}

/** The first variant of every task, and the last: files list the most accurate first. */
function pairs<T extends { task: string }>(served: readonly T[]): T[][] {
  const byTask = Object.values(Object.groupBy(served, ({ task }) => task)) as T[][]
  return [byTask.map((variants) => variants[0]!), byTask.map((variants) => variants.at(-1)!)]
}
