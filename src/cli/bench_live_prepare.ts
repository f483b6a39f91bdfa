/**
 * What comes before `deno task bench live`: each node holds and measures every variant once.
 *
 * @module
 */
import { profileKeeper, type Profiles } from './bench_live_profile.ts'
import { openScene } from './bench_live_scene.ts'

/** Settled when nothing was told for so long, or when patience ends. */
const QUIET_MS = 6000
const PATIENCE_MS = 90_000

export async function prepare(picture: string): Promise<Profiles> {
  const profiles: Profiles = new Map()
  let toldMs = performance.now()
  const keep = profileKeeper(profiles)
  const scene = await openScene('shoal', picture, (scheduler) => {
    const kept = keep(scheduler)
    return {
      ...kept,
      handle(event, nowMs) {
        if (event.type === 'node_reported' && event.profile !== undefined) toldMs = nowMs
        return kept.handle(event, nowMs)
      },
    }
  }, true)
  try {
    console.log('measuring every variant on each node, up to 90 s')
    // Real pages: what a batch takes beyond its model.
    await scene.ask({ seed: 1, steps: [{ ratePerS: 0, queries: 12 }], atOnce: 4 }, () => {})
    const startMs = toldMs = performance.now()
    const known = () => [...profiles.values()].reduce((sum, { size }) => sum + size, 0)
    for (;;) {
      await new Promise((done) => setTimeout(done, 200))
      const nowMs = performance.now()
      if (nowMs - startMs > PATIENCE_MS) break
      if (known() >= scene.instances && nowMs - toldMs > QUIET_MS) break
    }
    for (const node of scene.coordinator.pool.nodes()) {
      const rows = [...profiles.get(node.id)?.values() ?? []].map(({ variant, points }) =>
        `${variant} ${points.map(({ batch, latencyMs }) => `${batch}:${latencyMs.toFixed(0)}`)}`
      )
      console.log(`  ${node.name} (${node.backend}): ${rows.join('; ')}`)
    }
    return profiles
  } finally {
    await scene.end()
  }
}
