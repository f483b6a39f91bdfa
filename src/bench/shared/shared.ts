/**
 * `deno task bench shared [--seconds S]`: `ocr` with five seconds and `shelf` with 400 ms
 * on the same real nodes, both asked at once at random moments, in steps from a half to three times
 * what the best models of both carry together; what the clients of each see.
 * @module
 */
import { join } from 'node:path'
import { demoBodies } from '../../../demo/demo_bodies.ts'
import { outcomeOf, tally } from '../../../demo/load/tally.ts'
import type { Body } from '../../../demo/load/types.ts'
import { openScene, type Scene } from '../../../demo/scene.ts'
import { type LoadedPipeline, loadPipelines } from '../../cli/pipelines/load.ts'
import { ROOT } from '../../cli/root.ts'
import { OCR } from '../../cli/serve/serving.ts'
import { askAll, atRate } from '../asked.ts'
import type { BenchOptions } from '../options.ts'
import { ending, round, rounded, spawnBenchNode, sumOf } from '../tools.ts'

const SHELF = join(ROOT, 'profiles', 'shelf')
/** Of what the pool carries with the best models, half of it for each pipeline. */
const MULTIPLES = [0.5, 0.8, 1, 1.5, 2, 3]
const NODES = 2
const SECONDS = 30
const WARM_S = 4
/** How long one query at a time says what the best models take. */
const ALONE_S = 6
const SEED = 5

interface Kind {
  loaded: LoadedPipeline
  bodies: Body[]
  /** What the pool carries of it alone. */
  perS: number
}

export async function bench({ seconds = SECONDS }: BenchOptions) {
  const dirs = [OCR, SHELF]
  const loaded = await loadPipelines(dirs, () => {})
  const cache = `shoal-shared-${crypto.randomUUID()}`
  const names = Array.from({ length: NODES }, (_, i) => `deno-${i + 1}`)
  const scene = await openScene({
    ...{ pipelines: loaded, policy: 'shoal', port: 0, nodes: names },
    say: (line) => console.log(line),
    startNode: (url, name) =>
      spawnBenchNode({ url, name, options: ['--threads', '1', '--keep', '--cache', cache] }),
  })
  await using _ = ending(scene, { end: () => caches.delete(cache) })
  const kinds: Kind[] = []
  for (const [i, one] of loaded.entries()) {
    const bodies = await demoBodies(dirs[i]!, one.pipeline.name)
    const kind = { loaded: one, bodies, perS: 0 }
    await alone(scene, kind, WARM_S)
    kind.perS = NODES / await alone(scene, kind, ALONE_S)
    console.log(
      `${one.pipeline.name}: the best carry about ${kind.perS.toFixed(1)}/s of it alone`,
    )
    kinds.push(kind)
  }
  const rows = []
  for (const multiple of MULTIPLES) {
    const step = await play(scene, kinds, multiple, seconds)
    console.table(step)
    rows.push(...step)
  }
  return rows
}

/** Mean seconds of a query that nobody else is beside. @throws Error for one without a result */
export async function alone(
  { coordinator }: { coordinator: { localUrl: string } },
  { loaded, bodies }: { loaded: LoadedPipeline; bodies: readonly Body[] },
  seconds: number,
): Promise<number> {
  const { name } = loaded.pipeline
  const order = { url: coordinator.localUrl, pipeline: name, atOnce: 1, seconds, timeoutMs: 60_000 }
  const asked = await askAll(order, bodies)
  const refused = asked.find(({ status }) => status !== 200)
  if (refused !== undefined) {
    throw new Error(`Cannot bench: ${name} was answered ${outcomeOf(refused, Infinity)}`)
  }
  return sumOf(asked.map(({ latencyMs }) => latencyMs)) / asked.length / 1000
}

/** Both are asked at once, half of the pool's time for each were the best models used. */
function play(scene: Scene, kinds: readonly Kind[], multiple: number, seconds: number) {
  return Promise.all(kinds.map(async ({ loaded, bodies, perS }, i) => {
    const { name, sloMs } = loaded.pipeline
    const rate = multiple * perS / kinds.length
    const order = { url: scene.coordinator.localUrl, pipeline: name }
    const asked = await askAll({ ...order, ...atRate(rate, seconds, SEED + i) }, bodies)
    const { violationRatio, effectiveAccuracy, latencyMs } = tally(asked, sloMs)
    return {
      ...{ 'of both': multiple, pipeline: name, '/s': round(rate, 2) },
      'violations %': round(100 * violationRatio, 2),
      accuracy: round(effectiveAccuracy ?? NaN, 3),
      'p95 ms': rounded(latencyMs?.p95 ?? NaN),
    }
  }))
}
