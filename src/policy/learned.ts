/**
 * Values learned while serving, collected for storage over a restart, and restored after it.
 *
 * @module
 */
import type { FanOut } from './estimate/fanout.ts'
import type { Memory } from './core/memory.ts'
import type { PoolNode } from './state/node.ts'
import type { Profile } from './estimate/profile.ts'
import type { PipelineShape, Shapes } from './core/graph.ts'
import type { Trust } from './trust/trust.ts'
import type { NodeId } from './core/types.ts'

export interface Learned {
  /** A pipeline was added; estimates of the one it replaces are used for it. */
  open(shape: PipelineShape, replaces: string | undefined): void
  /** A pipeline was removed. */
  close(shape: PipelineShape): void
  /** A node left: its values are still part of the next `memory`. */
  left(node: NodeId): void
  /** Values learned since the last call. */
  memory(): Memory
  recall(memory: Memory): void
}

const MAX_LEFT = 1000

export function createLearned({ shapes, profile, fanOut, nodes, trust }: {
  shapes: Shapes
  profile: Profile
  fanOut: FanOut
  nodes: ReadonlyMap<NodeId, Pick<PoolNode, 'slots'>>
  trust: Trust | undefined
}): Learned {
  /** Nodes that left since the last call of `memory`. */
  const left = new Set<NodeId>()

  return {
    open(shape, replaces) {
      for (const variant of shape.tasks.flatMap(({ variants }) => variants)) {
        const before = shapes.find({ ...variant.ref, pipeline: replaces ?? '' })
        if (before !== undefined) profile.inherit(before, variant)
      }
    },
    close(shape) {
      const variants = shape.tasks.flatMap(({ variants }) => variants)
      profile.drop(variants)
      for (const slot of [...nodes.values()].flatMap(({ slots }) => slots)) {
        for (const variant of variants) slot.cooldowns.delete(variant)
      }
    },
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
      return {
        profiles,
        fanOuts: fanOut.keep(shapes),
        reputations: trust?.reputations.changed() ?? [],
      }
    },
    recall(memory) {
      for (const [id, kept] of memory.profiles) profile.recall(id, kept, shapes)
      fanOut.recall(memory.fanOuts, shapes)
      trust?.reputations.remember(memory.reputations)
    },
  }
}
