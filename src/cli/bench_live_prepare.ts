/**
 * What comes before `deno task bench live`: each node holds and measures every variant once.
 *
 * @module
 */
import { loadInProcess } from '../../demo/load/process.ts'
import { profileKeeper, type Profiles } from './bench_live_profile.ts'
import type { Stage } from './bench_live_scene.ts'

/** Settled when nothing was told for so long, or when patience ends. */
const QUIET_MS = 6000
const PATIENCE_MS = 90_000
/** Real pictures first: what a batch takes beyond its model. */
const WARM_S = 4

export async function prepare(stage: Stage): Promise<Profiles> {
  const profiles: Profiles = new Map()
  let toldMs = performance.now()
  const scene = await stage.open('shoal', (scheduler, nameOf) => {
    const kept = profileKeeper(profiles, nameOf)(scheduler)
    return {
      ...kept,
      handle(event, nowMs) {
        if (event.type === 'node_reported' && event.profile !== undefined) {
          toldMs = performance.now()
        }
        return kept.handle(event, nowMs)
      },
    }
  }, true)
  try {
    console.log('measuring every variant on each node, up to 90 s')
    const { localUrl: url, pool } = scene.coordinator
    const order = { url, pipeline: stage.pipeline.pipeline.name, atOnce: 4, seconds: WARM_S }
    await loadInProcess(order, stage.bodies, () => {})
    const startMs = toldMs = performance.now()
    const held = pool.nodes().reduce((sum, { instances }) => sum + instances, 0)
    const known = () => [...profiles.values()].reduce((sum, { size }) => sum + size, 0)
    for (;;) {
      await new Promise((done) => setTimeout(done, 200))
      const nowMs = performance.now()
      if (nowMs - startMs > PATIENCE_MS) break
      if (known() >= held && nowMs - toldMs > QUIET_MS) break
    }
    for (const node of pool.nodes()) {
      const rows = [...profiles.get(node.name)?.values() ?? []].map(({ variant, points }) =>
        `${variant} ${points.map(({ batch, latencyMs }) => `${batch}:${latencyMs.toFixed(1)}`)}`
      )
      console.log(`  ${node.name} (${node.backend}): ${rows.join('; ')}`)
    }
    return profiles
  } finally {
    await scene.end()
  }
}
