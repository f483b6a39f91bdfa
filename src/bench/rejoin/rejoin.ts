/**
 * A node joins with nothing remembered, and again with the profile that it measured then: how long
 * from its join to the first answer, and until it is planned with true figures.
 * @module
 */
import { loadPipelines } from '../../cli/pipelines/load.ts'
import { OCR, SAMPLE_PAGE } from '../../cli/serve/serving.ts'
import { openPool } from '../pool.ts'
import { ending, infer, pause, rounded, until, watching } from '../tools.ts'

/** What a node is left to measure before it is ended. */
const MEASURE_MS = 30_000
/** Until it has joined, and until it answers. */
const PATIENCE_MS = 120_000
/** A figure is true when it stays this near to the last one. */
const NEAR = 0.25

export async function bench() {
  const pipelines = await loadPipelines([OCR], () => {})
  const variants = pipelines.flatMap(({ pipeline }) =>
    Object.values(pipeline.tasks).flatMap((task) => Object.keys(task.variants))
  )
  const page = await Deno.readFile(SAMPLE_PAGE)
  let told: { atMs: number; variant: string; latencyMs: number }[] = []
  let joinedMs = 0
  const bench = openPool({
    pipelines,
    wrap: (scheduler) =>
      watching(scheduler, (event) => {
        const atMs = performance.now()
        if (event.type === 'node_joined') joinedMs = atMs
        if (event.type !== 'node_reported') return
        for (const { variant, points } of event.profile ?? []) {
          const latencyMs = points.find(({ batch }) => batch === 1)?.latencyMs
          if (latencyMs !== undefined) told.push({ atMs, variant, latencyMs })
        }
      }),
  })
  const { pool, localUrl: url } = bench
  const cache = `shoal-rejoin-${crypto.randomUUID()}`

  async function join(measure: boolean, forMs: number) {
    told = []
    joinedMs = 0
    const options = ['--cache', cache, '--suffers', ...(measure ? ['--measure'] : [])]
    const child = bench.spawn('rejoin', { options })
    const times = await serve()
    await pause(forMs)
    child.kill('SIGTERM')
    await child.status
    await until(() => pool.nodes().length === 0)
    return { ...times, trueMs: trueMs() }
  }

  /** Until the node that has just been started answers, and holds all. */
  async function serve() {
    await until(() => joinedMs > 0, { limitMs: PATIENCE_MS })
    await until(async () => {
      const response = await infer(url, 'ocr', page, { timeoutMs: 60_000 })
      await response.body?.cancel()
      return response.ok
    }, { limitMs: PATIENCE_MS })
    const firstAnswerMs = performance.now() - joinedMs
    await bench.full('rejoin')
    return { firstAnswerMs, allHeldMs: performance.now() - joinedMs }
  }

  /** When the last variant had a figure near its last one from then on; NaN where one has none. */
  const trueMs = () =>
    Math.max(...variants.map((variant) => {
      const mine = told.filter((one) => one.variant === variant)
      const last = mine.at(-1)?.latencyMs ?? NaN
      const far = mine.findLastIndex(({ latencyMs }) => Math.abs(latencyMs / last - 1) > NEAR)
      return (mine[far + 1]?.atMs ?? NaN) - joinedMs
    }))

  await using _ = ending(bench, { end: () => caches.delete(cache) })
  // The models are in its cache for both.
  await join(false, 0)
  const without = await join(true, MEASURE_MS)
  const withProfile = await join(true, 3000)
  const row = (times: typeof without) =>
    Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, rounded(ms)]))
  console.table({ 'nothing remembered': row(without), 'profile remembered': row(withProfile) })
  return { without, withProfile }
}
