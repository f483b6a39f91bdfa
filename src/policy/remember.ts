/**
 * What the dispatcher learned, as plain data, and back.
 *
 * @module
 */
import type { FanOut } from './fanout.ts'
import type { Memory } from './memory.ts'
import type { Profile } from './profile.ts'
import type { Shapes } from './shape.ts'
import type { Trust } from './trust/trust.ts'
import type { NodeId } from './types.ts'

export interface Remembering {
  /** A node left: what was learned of it is still worth keeping. */
  left(node: NodeId): void
  /** What was learned since the last call: of nodes only those that were here meanwhile. */
  memory(): Memory
  /** What was learned by another one before. */
  recall(memory: Memory): void
}

/** Should nobody ask, the first that left are forgotten. */
const MAX_LEFT = 1000

export function createRemembering({ shapes, profile, fanOut, trust, nodes }: {
  shapes: Shapes
  profile: Profile
  fanOut: FanOut
  trust: Trust | undefined
  nodes: ReadonlyMap<NodeId, unknown>
}): Remembering {
  const left = new Set<NodeId>()
  return {
    left(node) {
      left.add(node)
      if (left.size > MAX_LEFT) left.delete(left.keys().next().value!)
    },
    memory() {
      const profiles = [...new Set([...nodes.keys(), ...left])].flatMap(
        (id): Memory['profiles'] => {
          const kept = profile.keep(id, shapes)
          return kept === undefined ? [] : [[id, kept]]
        },
      )
      left.clear()
      return { profiles, fanOuts: fanOut.keep(), words: trust?.changedWords() ?? [] }
    },
    recall(memory) {
      for (const [id, kept] of memory.profiles) profile.recall(id, kept, shapes)
      fanOut.recall(memory.fanOuts, shapes)
      trust?.remember(memory.words)
    },
  }
}
