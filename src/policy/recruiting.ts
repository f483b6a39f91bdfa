/**
 * Recruiting: cold nodes join what is placed when they are needed, and are let go of after a long rest.
 *
 * @module
 */
import type { NodeId, PolicyCommand, PolicyEvent } from './core/types.ts'
import type { Member } from './place/member.ts'
import type { Colds } from './use/colds.ts'

export interface RecruitingParts {
  colds: Colds
  members: ReadonlyMap<NodeId, Member>
  setCold(node: NodeId, cold: boolean): void
  join(event: Extract<PolicyEvent, { type: 'node_joined' }>, nowMs: number): void
  /** Has it unload all that it holds, and places without it. */
  letGo(member: Member, nowMs: number): void
  emit(command: PolicyCommand): void
}

export interface Recruiting {
  /** Loads so many cold nodes. */
  recruit(count: number, nowMs: number): void
  /** One, where nothing is warm: such a pool could answer nobody. */
  first(nowMs: number): void
  /** Has a node that was recruited let go of all that it holds; the last one that is warm stays so. */
  release(node: NodeId, nowMs: number): void
}

export function createRecruiting(parts: RecruitingParts): Recruiting {
  const { colds, members, setCold, join, letGo, emit } = parts

  function recruit(count: number, nowMs: number): void {
    for (const event of colds.recruit(count, nowMs)) {
      const { node, slots, duty, threads = 1 } = event
      setCold(node, false)
      emit({ type: 'scale', node, slots, duty, threads })
      join(event, nowMs)
    }
  }

  return {
    recruit,
    first(nowMs) {
      if (members.size === 0) recruit(1, nowMs)
    },
    release(node, nowMs) {
      const member = members.get(node)
      if (member === undefined || members.size === 1) return
      letGo(member, nowMs)
      colds.released(node)
      setCold(node, true)
    },
  }
}
