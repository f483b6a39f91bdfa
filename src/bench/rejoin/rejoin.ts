/**
 * A node joins with nothing remembered, and again with the profile that it measured then: how long
 * from its join to the first answer, and until it is planned with true figures.
 *
 * @module
 */
import type { PolicyEvent, Scheduler } from '../../policy/core/types.ts'
import { startCoordinator } from '../../cli/serve/coordinator.ts'
import { loadPipelines } from '../../cli/pipelines/load.ts'
import { fromFileUrl } from '../../cli/root.ts'
import { OCR, SAMPLE_PAGE } from '../../cli/serve/serving.ts'
import { spawnTied } from '../../cli/tied.ts'

const ENTRY = fromFileUrl(new URL('../requeue/node.ts', import.meta.url))
/** What a node is left to measure before it is ended. */
const MEASURE_MS = 30_000
/** A figure is true when it stays this near to the last one. */
const NEAR = 0.25

interface Told {
  atMs: number
  variant: string
  latencyMs: number
}

export async function benchRejoin() {
  const pipelines = await loadPipelines([OCR], () => {})
  const variants = pipelines.flatMap(({ pipeline }) =>
    Object.values(pipeline.tasks).flatMap((task) => Object.keys(task.variants))
  )
  const page = await Deno.readFile(SAMPLE_PAGE)
  let told: Told[] = []
  let joinedMs = 0
  const lines: string[] = []
  const note = (event: PolicyEvent) => {
    if (event.type === 'node_joined') joinedMs = performance.now()
    if (event.type !== 'node_reported') return
    for (const { variant, points } of event.profile ?? []) {
      const latencyMs = points.find(({ batch }) => batch === 1)?.latencyMs
      if (latencyMs !== undefined) told.push({ atMs: performance.now(), variant, latencyMs })
    }
  }
  const wrap = (scheduler: Scheduler): Scheduler => ({
    ...scheduler,
    handle(event, nowMs) {
      note(event)
      return scheduler.handle(event, nowMs)
    },
  })
  const log = (line: string) => void lines.push(line)
  const coordinator = startCoordinator({ pipelines, port: 0, wrap, log })
  const cache = `shoal-rejoin-${crypto.randomUUID()}`

  async function until(holds: () => boolean) {
    while (!holds()) await new Promise((done) => setTimeout(done, 5))
  }

  async function join(measure: boolean, forMs: number) {
    told = []
    joinedMs = 0
    const child = spawnTied([
      ...['--no-check', ENTRY, '--join', coordinator.localUrl, '--name', 'rejoin'],
      ...['--cache', cache, ...(measure ? ['--measure'] : [])],
    ])
    const over = child.status.then(({ code }) => {
      throw new Error(`Cannot bench: the node ended with ${code}`)
    })
    const times = await Promise.race([serve(), over])
    await new Promise((done) => setTimeout(done, forMs))
    const profile = coordinator.pool.nodes()[0]?.profile
    child.kill('SIGTERM')
    await child.status
    await until(() => coordinator.pool.nodes().length === 0)
    return { ...times, trueMs: trueMs(), profile }
  }

  /** Until the node that has just been started answers, and holds all. */
  async function serve() {
    await until(() => joinedMs > 0)
    let status = 0
    let answeredMs = NaN
    while (status !== 200) {
      const response = await fetch(`${coordinator.localUrl}/v1/pipelines/ocr/infer`, {
        method: 'POST',
        headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': '60000' },
        body: page,
      })
      await response.body?.cancel()
      status = response.status
      answeredMs = performance.now() - joinedMs
      if (status !== 200) await new Promise((done) => setTimeout(done, 20))
    }
    await until(() => (coordinator.pool.nodes()[0]?.instances ?? 0) >= variants.length)
    const loadedMs = performance.now() - joinedMs
    return { firstAnswerMs: answeredMs, allHeldMs: loadedMs }
  }

  /** When the last variant had a figure that was near its last one from then on; NaN where one has none. */
  function trueMs(): number {
    let latest = 0
    for (const variant of variants) {
      const mine = told.filter((one) => one.variant === variant)
      const last = mine.at(-1)?.latencyMs ?? NaN
      const far = mine.findLastIndex(({ latencyMs }) => Math.abs(latencyMs / last - 1) > NEAR)
      latest = Math.max(latest, (mine[far + 1]?.atMs ?? NaN) - joinedMs)
    }
    return latest
  }

  try {
    // The models are in its cache for both.
    await join(false, 0)
    const without = await join(true, MEASURE_MS)
    const withProfile = await join(true, 3000)
    const row = ({ profile: _, ...times }: typeof without) =>
      Object.fromEntries(
        Object.entries(times).map((
          [name, ms],
        ) => [name, Number.isFinite(ms) ? Math.round(ms) : '-']),
      )
    console.table({ 'nothing remembered': row(without), 'profile remembered': row(withProfile) })
    for (const line of lines.filter((line) => /profile|anew/.test(line))) console.log(line)
    return { without, withProfile }
  } finally {
    await coordinator.close(1000)
    await caches.delete(cache)
  }
}
