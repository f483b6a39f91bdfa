/**
 * What comes before `deno task bench live`: each node holds and measures every variant, all at once,
 * as they will serve, and without a query: what code takes that was never run before is no profile.
 *
 * @module
 */
import { profileKeeper, type Profiles } from './profile.ts'
import type { Stage } from './scene.ts'

/** Settled when nothing was told for so long, or when patience ends. */
const QUIET_MS = 6000
const PATIENCE_MS = 90_000

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
    const { pool } = scene.coordinator
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
