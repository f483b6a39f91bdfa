/**
 * What the nodes of `deno task bench live` can do, measured once and given to every policy alike: the
 * rules that are compared with take the latencies of each device as known.
 * @module
 */
import type { LatencyPoint, Scheduler, VariantRef } from '../../policy/core/types.ts'
import { ending, pause, sumOf, watching } from '../tools.ts'
import type { Stage } from './scene.ts'

/** By the node's name, then by `pipeline/task/variant`. */
export interface Profiles {
  [node: string]: { [key: string]: VariantRef & { points: LatencyPoint[] } }
}

/** Settled when nothing was told for so long, or when patience ends. */
const QUIET_MS = 6000
const PATIENCE_MS = 90_000

export const keyOf = ({ pipeline, task, variant }: VariantRef) => `${pipeline}/${task}/${variant}`

const asIs = (node: string) => node

/** Tells the scheduler of a node's profile as it joins, and of no other later. */
export const profileGiver =
  (profiles: Profiles, nameOf = asIs) => (scheduler: Scheduler): Scheduler => ({
    ...scheduler,
    handle(event, nowMs) {
      if (event.type === 'node_reported' && event.profile !== undefined) {
        const { profile: _, ...rest } = event
        return scheduler.handle(rest, nowMs)
      }
      const commands = scheduler.handle(event, nowMs)
      if (event.type !== 'node_joined') return commands
      const profile = Object.values(profiles[nameOf(event.node)] ?? {})
      const more = scheduler.handle({ type: 'node_reported', node: event.node, profile }, nowMs)
      return [...commands, ...more]
    },
  })

/**
 * Each node holds and measures every variant, all at once, as they will serve, and without a query:
 * what code takes that was never run before is no profile.
 */
export async function measureProfiles(stage: Stage): Promise<Profiles> {
  const profiles: Profiles = {}
  let toldMs = 0
  const open = stage.open('shoal', (scheduler, nameOf) =>
    watching(scheduler, (event) => {
      if (event.type !== 'node_reported' || event.profile === undefined) return
      toldMs = performance.now()
      const known = profiles[nameOf(event.node)] ??= {}
      for (const row of event.profile) {
        // The newest figure of each batch size.
        const all = [...known[keyOf(row)]?.points ?? [], ...row.points]
        const sizes = new Map(all.map((point) => [point.batch, point]))
        const points = [...sizes.values()].sort((a, b) => a.batch - b.batch)
        known[keyOf(row)] = { ...row, points }
      }
    }), true)
  const scene = await open
  await using _ = ending(scene)
  console.log('measuring every variant on each node, up to 90 s')
  const { pool } = scene.coordinator
  const startMs = toldMs = performance.now()
  const held = sumOf(pool.nodes().map(({ instances }) => instances))
  const isSettled = () =>
    sumOf(Object.values(profiles).map((own) => Object.keys(own).length)) >= held &&
    performance.now() - toldMs > QUIET_MS
  while (!isSettled() && performance.now() - startMs < PATIENCE_MS) await pause(200)
  for (const node of pool.nodes()) {
    const rows = Object.values(profiles[node.name] ?? {}).map(({ variant, points }) =>
      `${variant} ${points.map(({ batch, latencyMs }) => `${batch}:${latencyMs.toFixed(1)}`)}`
    )
    console.log(`  ${node.name} (${node.backend}): ${rows.join('; ')}`)
  }
  return profiles
}
