/**
 * Who can be asked about an item, and which slot gets it: of a large pool a few nodes are looked at.
 *
 * @module
 */
import type { Fits } from '../core/options.ts'
import type { Batch, PoolNode, Slot } from '../state/slots.ts'
import { holds, isSpare } from '../state/credit.ts'
import type { VariantShape } from '../core/graph.ts'
import type { DispatchedItem, NodeId, Standing, VariantRef } from '../core/types.ts'
import type { Auditor } from './auditor.ts'
import type { Vote } from './votes.ts'

/** What a choice goes by. */
export interface Asking {
  kind: 'replica' | 'canary' | 'question'
  variant: VariantShape
  items: readonly DispatchedItem[]
  /** The one node to ask; null for any. */
  target: NodeId | null
  asked: ReadonlySet<NodeId>
  votes: readonly Vote[]
  /** From when on others than trusted nodes may be asked, though there are some. */
  openAtMs: number
}

export interface JudgesParts {
  random(): number
  nodes: ReadonlyMap<NodeId, PoolNode>
  /** Who is here, in no order that matters. */
  ids(): readonly NodeId[]
  standingAt(node: NodeId, ref: VariantRef): Standing
  voterOf(node: NodeId): string
  auditor: Pick<Auditor, 'id' | 'knows'>
  /** What its results were computed on, as far as is known. */
  backendOf(node: NodeId): string | undefined
  /** Whether it may be asked at all: its volunteer has not paused it. */
  isWilling(node: NodeId): boolean
  fits: Fits
}

export interface Judges {
  /** Whether anybody is left to ask, and anybody who is trusted: the auditor, too, and no voter twice. */
  left(asking: Asking, nowMs: number): { any: boolean; trusted: boolean }
  /** Whether the auditor is left to ask. */
  isAuditorLeft(asking: Asking, nowMs: number): boolean
  /** Whether another voter than its own could be asked, in the pool, about what this batch said. */
  couldAsk(batch: Batch, nowMs: number): boolean
  /** A trusted one where there is any; of those one whose results can be compared most strictly. */
  slotFor(asking: Asking, idle: boolean, nowMs: number): Slot | undefined
  /** Whether this slot will do. */
  suits(asking: Asking, slot: Slot, nowMs: number): boolean
}

/** Nodes that could be asked, by voter: those of one have one vote. */
interface Count {
  atMs: number
  any: Map<string, number>
  trusted: Map<string, number>
}

/** Nodes looked at for a slot, and slots to choose from. */
const LOOKED_AT = 64
const SOME = 12
/** In a larger pool it is counted so seldom who holds what. */
const COUNT_MS = 50

export function createJudges(parts: JudgesParts): Judges {
  const { nodes, standingAt, voterOf, isWilling, auditor } = parts
  const counts = new WeakMap<VariantShape, Count>()

  const isTrusted = (id: NodeId, { ref }: VariantShape) => {
    const standing = standingAt(id, ref)
    return standing === 'own' || standing === 'trusted'
  }
  const isJudge = (node: PoolNode | undefined, variant: VariantShape): node is PoolNode =>
    node !== undefined && isWilling(node.id) && holds(node, variant) &&
    standingAt(node.id, variant.ref) !== 'quarantined'

  const add = (count: Map<string, number>, voter: string, nodes = 1) =>
    count.set(voter, (count.get(voter) ?? 0) + nodes)

  function countOf(variant: VariantShape, nowMs: number): Count {
    const known = counts.get(variant)
    const ids = parts.ids()
    const freshMs = ids.length <= LOOKED_AT ? 0 : COUNT_MS * ids.length / 200
    if (known !== undefined && nowMs - known.atMs < freshMs) return known
    const count: Count = { atMs: nowMs, any: new Map(), trusted: new Map() }
    for (const id of ids) {
      if (!isJudge(nodes.get(id), variant)) continue
      add(count.any, voterOf(id))
      if (isTrusted(id, variant)) add(count.trusted, voterOf(id))
    }
    counts.set(variant, count)
    return count
  }

  const isAuditorLeft = ({ variant, target, asked, items }: Asking, nowMs: number) =>
    target === null && auditor.knows(variant, nowMs) && !asked.has(auditor.id!) &&
    items.every(({ payload }) => parts.fits(payload, auditor.id!))

  function left(asking: Asking, nowMs: number) {
    const { variant, target, asked, votes } = asking
    if (target !== null) {
      const node = nodes.get(target)
      const any = node !== undefined && !asked.has(target) && isWilling(target) &&
        holds(node, variant)
      return { any, trusted: false }
    }
    if (isAuditorLeft(asking, nowMs)) return { any: true, trusted: true }
    /** Whether a voter has one of these nodes left who has not voted. */
    const isLeft = (count: Map<string, number>, isCounted: (id: NodeId) => boolean) => {
      const out = new Map(votes.map(({ voter }) => [voter, Infinity]))
      for (const id of asked) if (isCounted(id)) add(out, voterOf(id))
      for (const [voter, nodes] of count) if (nodes > (out.get(voter) ?? 0)) return true
      return false
    }
    const { any, trusted } = countOf(variant, nowMs)
    const isAny = (id: NodeId) => isJudge(nodes.get(id), variant)
    return {
      any: isLeft(any, isAny),
      trusted: isLeft(trusted, (id) => isAny(id) && isTrusted(id, variant)),
    }
  }

  const mayAsk = ({ asked, target, variant, votes, items }: Asking, id: NodeId) =>
    !asked.has(id) && isWilling(id) && items.every(({ payload }) => parts.fits(payload, id)) &&
    (target === null
      ? standingAt(id, variant.ref) !== 'quarantined' &&
        votes.every(({ voter }) => voter !== voterOf(id))
      : target === id)

  const isAlike = ({ votes }: Asking, { node }: Slot) => {
    const backend = votes[0]?.said[0]?.backend
    return backend === undefined || parts.backendOf(node.id) === backend
  }

  function slotOf(asking: Asking, node: PoolNode | undefined, idle: boolean, nowMs: number) {
    if (node === undefined || !mayAsk(asking, node.id)) return undefined
    return node.slots.find((slot) => isSpare(slot, asking.variant, idle, nowMs))
  }

  function* someSlots(asking: Asking, idle: boolean, nowMs: number): Iterable<Slot> {
    const ids = parts.ids()
    const first = Math.floor(parts.random() * ids.length)
    const most = Math.min(ids.length, LOOKED_AT)
    for (let i = 0; i < most; i++) {
      const slot = slotOf(asking, nodes.get(ids[(first + i) % ids.length]!), idle, nowMs)
      if (slot !== undefined) yield slot
    }
  }

  return {
    left,
    isAuditorLeft,
    couldAsk({ slot, variant }, nowMs) {
      const { any } = countOf(variant, nowMs)
      return any.size > (any.has(voterOf(slot.node.id)) ? 1 : 0)
    },
    slotFor(asking, idle, nowMs) {
      if (asking.target !== null) return slotOf(asking, nodes.get(asking.target), idle, nowMs)
      const good: Slot[] = []
      const others: Slot[] = []
      for (const slot of someSlots(asking, idle, nowMs)) {
        if (isTrusted(slot.node.id, asking.variant)) good.push(slot)
        else others.push(slot)
        if (good.length >= SOME) break
      }
      // One of the nodes that are busy knows better: it is waited for.
      if (good.length === 0 && nowMs < asking.openAtMs && left(asking, nowMs).trusted) {
        return undefined
      }
      const among = good.length > 0 ? good : others
      const alike = among.filter((slot) => isAlike(asking, slot))
      const best = alike.length > 0 ? alike : among
      return best[Math.floor(parts.random() * best.length)]
    },
    suits(asking, slot, nowMs) {
      if (!mayAsk(asking, slot.node.id) || !isSpare(slot, asking.variant, false, nowMs)) {
        return false
      }
      if (asking.target !== null || nowMs >= asking.openAtMs) return true
      if (!isAlike(asking, slot)) return false
      return isTrusted(slot.node.id, asking.variant) || !left(asking, nowMs).trusted
    },
  }
}
