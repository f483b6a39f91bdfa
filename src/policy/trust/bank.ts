/**
 * Inputs whose answers are known, by variant: said by a node of the coordinator's own, or by several
 * that agreed. And inputs to ask about where nothing is known yet.
 *
 * @module
 */
import type { Handle, NodeId } from '../core/types.ts'
import type { PipelineShape, VariantShape } from '../core/graph.ts'
import type { Said } from '../core/options.ts'

export interface Known {
  payload: Handle
  said: Said
  /** Who knows it already: a node might remember what it was asked. */
  seenBy: Set<NodeId>
  bytes: number
}

export interface Bank {
  add(variant: VariantShape, payload: Handle, said: Said, seenBy: readonly NodeId[]): void
  /**
   * Some that this node has not been asked about, at most so many; none taken out.
   *
   * @param backend what it runs on, if that is known
   */
  unseenBy(node: NodeId, variant: VariantShape, most: number, backend?: string): Known[]
  /** It may have been wrong. */
  drop(known: Known): void
  /** A pipeline is served no more: others have the room. */
  close(shape: PipelineShape): void
  count(variant: VariantShape): number
  /** Whether one more would be kept, as things are. */
  wants(variant: VariantShape): boolean
}

const MAX_EACH = 8
const MAX_BYTES = 64 * 2 ** 20
/** Once there are enough, an old one makes room for a new one so often. */
const RENEW = 0.02

export function createBank(
  random: () => number,
  weigh: (payload: Handle) => number = () => 0,
): Bank {
  const byVariant = new Map<VariantShape, Known[]>()
  let bytes = 0

  const listOf = (variant: VariantShape): Known[] => {
    const list = byVariant.get(variant) ?? []
    byVariant.set(variant, list)
    return list
  }

  function shift(list: Known[]): void {
    bytes -= list.shift()?.bytes ?? 0
  }

  return {
    add(variant, payload, said, seenBy) {
      const size = [payload, ...handedOn(said)].reduce<number>((sum, one) => sum + weigh(one), 0)
      if (size > MAX_BYTES / MAX_EACH) return
      const list = listOf(variant)
      if (list.some((known) => known.payload === payload)) return
      list.push({ payload, said, seenBy: new Set(seenBy), bytes: size })
      bytes += size
      if (list.length > MAX_EACH) shift(list)
      // Whoever has most of what takes room gives some.
      while (bytes > MAX_BYTES) {
        const lists = [...byVariant.values()].filter((list) => list.length > 0)
        if (lists.length === 0) break
        shift(lists.reduce((a, b) => weightOf(b) > weightOf(a) ? b : a))
      }
    },
    unseenBy(node, variant, most, backend) {
      const unseen = (byVariant.get(variant) ?? []).filter(({ seenBy }) => !seenBy.has(node))
      // What was said on its own backend can be compared the most strictly.
      const alike = unseen.filter(({ said }) => said.backend === backend)
      return (alike.length > 0 ? alike : unseen).slice(-most)
    },
    drop(known) {
      for (const list of byVariant.values()) {
        const at = list.indexOf(known)
        if (at < 0) continue
        list.splice(at, 1)
        bytes -= known.bytes
      }
    },
    close({ tasks }) {
      for (const variant of tasks.flatMap((task) => task.variants)) {
        for (const known of byVariant.get(variant) ?? []) bytes -= known.bytes
        byVariant.delete(variant)
      }
    },
    count: (variant) => byVariant.get(variant)?.length ?? 0,
    wants: (variant) => (byVariant.get(variant)?.length ?? 0) < MAX_EACH || random() < RENEW,
  }
}

const handedOn = ({ outcome }: Said): Handle[] =>
  outcome.ok ? Object.values(outcome.children).flat() : []

const weightOf = (list: readonly Known[]) => list.reduce((sum, { bytes }) => sum + bytes, 0)
