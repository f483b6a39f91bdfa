/**
 * What several nodes said of the same items, and who of them is right.
 *
 * @module
 */
import type { NodeId, Standing, VariantRef } from '../types.ts'
import type { Said, TrustOptions } from '../options.ts'

export interface Vote {
  /** Null for an answer that was known before. */
  node: NodeId | null
  standing: Standing | 'known'
  /** One for each item. */
  said: Said[]
}

/** Votes that agree, in every item, with the first of their group. */
export function groupsOf(
  votes: readonly Vote[],
  ref: VariantRef,
  agree: TrustOptions['agree'],
): Vote[][] {
  const groups: Vote[][] = []
  for (const vote of votes) {
    const group = groups.find(([first]) =>
      first!.said.every((said, i) => agree(ref, said, vote.said[i]!))
    )
    if (group === undefined) groups.push([vote])
    else group.push(vote)
  }
  return groups
}

/** Nodes that must agree to be right for good, where none of them is trusted. */
export const MANY = 3

const has = (group: readonly Vote[], ...standings: Vote['standing'][]) =>
  group.some(({ standing }) => standings.includes(standing))

/**
 * The group that is right: one with an answer known before or from a node of the coordinator's own;
 * else two that agree, one of them trusted at least, where any trusted node can be asked.
 *
 * @param least votes that must agree where none of them is trusted
 */
export function rightOf(
  groups: readonly Vote[][],
  canAskTrusted: boolean,
  least = 2,
): Vote[] | undefined {
  return groups.find((group) => has(group, 'known', 'own')) ??
    groups.find((group) => group.length >= 2 && has(group, 'trusted')) ??
    (canAskTrusted ? undefined : groups.find((group) => group.length >= least))
}

/** When nobody else can be asked in time: the one group with a trusted node, if there is just one. */
export function lastWordOf(groups: readonly Vote[][]): Vote[] | undefined {
  const trusted = groups.filter((group) => has(group, 'trusted'))
  return trusted.length === 1 ? trusted[0] : undefined
}

/** How sure it is that who says otherwise is wrong; see `fail`. */
export const surenessOf = (group: readonly Vote[]): number =>
  has(group, 'known', 'own', 'trusted') ? 2 : 0.75

/** Good enough to be held against others later. */
export const isKnown = (group: readonly Vote[]): boolean =>
  has(group, 'own', 'trusted') || group.length >= MANY
