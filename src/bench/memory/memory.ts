/**
 * What variants take of a node's memory, next to what is reckoned with: each in a process of its
 * own, then all in one, loaded and with the largest batch run.
 * @module
 */
import { ENGINE_BYTES } from '../../node/limits/hold_limits.ts'
import { servedVariants } from '../../pipeline/hold.ts'
import { loadPipelines } from '../../cli/pipelines/load.ts'
import { OCR } from '../../cli/serve/serving.ts'
import { startChild } from '../child.ts'
import { type Counts, round, sumOf } from '../tools.ts'

export async function bench() {
  const [loaded] = await loadPipelines([OCR], () => {})
  const served = servedVariants(loaded!.pipeline, loaded!.models)
  const rows: { [column: string]: string | number }[] = []
  /** Loads and runs all of these, one after another. */
  async function row(
    variants: typeof served,
    name = variants.map((one) => one.variant).join(', '),
  ) {
    const keys = variants.map(({ pipeline, task, variant }) => `${pipeline}/${task}/${variant}`)
    const flags = ['--v8-flags=--expose-gc']
    const child = await startChild<Counts>('./memory/memory_child.ts', [OCR, ...keys], flags)
    await child.end()
    const { process = NaN, 'worker ended': ended = NaN, ...steps } = child.ready
    const reckoned = sumOf([ENGINE_BYTES, ...variants.map(({ memoryBytes }) => memoryBytes)])
    const mb = (bytes: number) => round(bytes / 1e6)
    const most = Math.max(...Object.values(steps))
    // The engine's code is compiled with the first model: it counts to the worker, not to that.
    rows.push({
      ...{ variant: name, process: mb(process), most: mb(most), ended: mb(ended) },
      ...{ slot: mb(most - process), reckoned: mb(reckoned) },
    })
  }
  for (const one of served) await row([one])
  // A pipeline at its best and at its quickest; the engine is there once.
  for (const pair of pairs(served)) await row(pair)
  await row(served, 'all')
  console.log(
    'MB of resident memory; slot: beyond the process alone, against what is reckoned with',
  )
  return rows
}

/** The first variant of every task, and the last: files list the most accurate first. */
function pairs<T extends { task: string }>(served: readonly T[]): T[][] {
  const byTask = Object.values(Object.groupBy(served, ({ task }) => task)) as T[][]
  return [byTask.map((variants) => variants[0]!), byTask.map((variants) => variants.at(-1)!)]
}
