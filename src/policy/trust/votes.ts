/**
 * What several nodes said of the same items, and who of them is right.
 *
 * A majority counts voters, not nodes: who opens many links has one vote.
 *
 * @module
 */
import type { NodeId, Standing, VariantRef } from '../core/types.ts'
import type { Said, TrustOptions } from '../core/options.ts'

export interface Vote {
  /** Null for an answer that was known before. */
  node: NodeId | null
  /** Who stands behind the node; see `node_joined`. */
  voter: string
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

/** Voters that must agree to prove anything, where none of them is trusted. */
export const MANY = 3
/** Voters that must agree for a query that cannot wait for proof. */
const TWO = 2

const has = (group: readonly Vote[], ...standings: Vote['standing'][]) =>
  group.some(({ standing }) => standings.includes(standing))

const votersIn = (group: readonly Vote[]): number => new Set(group.map(({ voter }) => voter)).size

/**
 * The group that is right: one with an answer known before, or from the auditor or a node of the
 * coordinator's own; else two voters that agree, one of them trusted at least; where nobody who is
 * trusted can be asked, so many voters.
 */
function rightBy(
  least: number,
  groups: readonly Vote[][],
  canAskTrusted: boolean,
): Vote[] | undefined {
  return groups.find((group) => has(group, 'known', 'own')) ??
    groups.find((group) => votersIn(group) >= TWO && has(group, 'trusted')) ??
    (canAskTrusted ? undefined : groups.find((group) => votersIn(group) >= least))
}

/** What a query is answered with, whether or not it proves anything. */
export const rightOf = (groups: readonly Vote[][], canAskTrusted: boolean): Vote[] | undefined =>
  rightBy(TWO, groups, canAskTrusted)

/** What is held for and against nodes. */
export const provenOf = (groups: readonly Vote[][], canAskTrusted: boolean): Vote[] | undefined =>
  rightBy(MANY, groups, canAskTrusted)

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
  has(group, 'own', 'trusted') || votersIn(group) >= MANY

/** What is held against those who said otherwise. */
export function reasonOf(kind: string, ref: VariantRef, right: readonly Vote[]): string {
  const about = `${ref.pipeline}/${ref.task}/${ref.variant}`
  if (kind === 'canary') return `wrong about what is known (${about})`
  if (has(right, 'own')) return `a worker of the coordinator's own says otherwise (${about})`
  return has(right, 'trusted')
    ? `a trusted node says otherwise (${about})`
    : `${right.length} nodes say otherwise (${about})`
}
