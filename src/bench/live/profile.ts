/**
 * What the nodes of `deno task bench live` can do, measured once and given to every policy alike: the
 * rules that are compared with take the latencies of each device as known.
 *
 * @module
 */
import type { LatencyPoint, PolicyCommand, Scheduler, VariantRef } from '../../policy/core/types.ts'

/** By the node's name, then by `pipeline/task/variant`. */
export type Profiles = Map<string, Map<string, VariantRef & { points: LatencyPoint[] }>>

const keyOf = ({ pipeline, task, variant }: VariantRef) => `${pipeline}/${task}/${variant}`

const asIs = (node: string) => node

/** Keeps the newest figure of each batch size that nodes report. */
export function profileKeeper(
  profiles: Profiles,
  nameOf = asIs,
): (scheduler: Scheduler) => Scheduler {
  return (scheduler) => ({
    ...scheduler,
    handle(event, nowMs) {
      if (event.type === 'node_reported') {
        const name = nameOf(event.node)
        for (const row of event.profile ?? []) {
          const known = profiles.get(name) ?? new Map()
          profiles.set(name, known)
          const sizes = new Map<number, LatencyPoint>(
            [...known.get(keyOf(row))?.points ?? [], ...row.points].map((
              point: LatencyPoint,
            ) => [point.batch, point]),
          )
          const points = [...sizes.values()].sort((a, b) => a.batch - b.batch)
          known.set(keyOf(row), { ...row, points })
        }
      }
      return scheduler.handle(event, nowMs)
    },
  })
}

/** Tells the scheduler of a node's profile as it joins, and of no other later. */
export function profileGiver(
  profiles: Profiles,
  nameOf = asIs,
): (scheduler: Scheduler) => Scheduler {
  return (scheduler) => ({
    ...scheduler,
    handle(event, nowMs) {
      if (event.type === 'node_reported' && event.profile !== undefined) {
        const { profile: _, ...rest } = event
        return scheduler.handle(rest, nowMs)
      }
      const commands: PolicyCommand[] = scheduler.handle(event, nowMs)
      if (event.type !== 'node_joined') return commands
      const profile = [...profiles.get(nameOf(event.node))?.values() ?? []]
      const more = scheduler.handle({ type: 'node_reported', node: event.node, profile }, nowMs)
      return [...commands, ...more]
    },
  })
}
