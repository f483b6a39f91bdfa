/**
 * `deno task bench wake`: a slot that holds all variants of `ocr`, on each backend of this machine:
 * the memory that its process takes, and how long from asleep (no worker; models on disk) to serving.
 *
 * @module
 */
import { loadavg } from 'node:os'
import { adapterName, readAdapter } from '../../node/engine/adapter.ts'
import { hasNativeEngine } from '../../cli/node/native_engine.ts'
import { OCR } from '../../cli/serve/serving.ts'
import { median } from '../../cli/statistics.ts'
import { outputOf } from '../child.ts'
import type { Woken } from './wake_child.ts'

const RUNS = 3

async function wake(backend: string): Promise<Woken> {
  const flags = ['--v8-flags=--expose-gc', '--no-check']
  const output = await outputOf('./wake/wake_child.ts', [OCR, backend], flags)
  return JSON.parse(output.trim().split('\n').at(-1)!)
}

export async function benchWake() {
  const adapter = await readAdapter()
  const backends = ['wasm']
  if (await hasNativeEngine()) backends.push('native')
  else console.log('native: not measured, never fetched (deno task node --backend native does)')
  if (adapter !== undefined) backends.push('webgpu')
  console.log(`webgpu: ${adapter === undefined ? 'no adapter here' : adapterName(adapter)}`)
  const rows = []
  for (const backend of backends) {
    // A software adapter compiles its shaders for minutes: once is enough.
    const runs = backend === 'webgpu' && adapter?.software ? 1 : RUNS
    const all: Woken[] = []
    for (let i = 0; i < runs; i++) all.push(await wake(backend))
    const of = (what: keyof Woken) => median(all.map((one) => one[what]))
    rows.push({
      ...{ backend, runs },
      'process MB': of('processMb'),
      'all warm MB': of('allWarmMb'),
      'after a run of each MB': of('afterBatchesMb'),
      'slot MB': of('afterBatchesMb') - of('processMb'),
      'first of each task warm s': Number(of('firstOfEachTaskS').toFixed(2)),
      'all warm s': Number(of('allWarmS').toFixed(2)),
    })
  }
  console.table(rows)
  const load = loadavg().map((one) => one.toFixed(1)).join(' ')
  console.log(`medians; slot: beyond the process alone; load average ${load}`)
  return rows
}
