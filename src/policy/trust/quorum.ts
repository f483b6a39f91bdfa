/**
 * A check: what several nodes said of the same items, and who of them is right.
 *
 * A majority counts voters, not nodes: who opens many links has one vote.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import type { Said, TrustOptions } from '../core/options.ts'
import type {
  DispatchedItem,
  Handle,
  ItemOutcome,
  NodeId,
  Standing,
  VariantRef,
} from '../core/types.ts'
import type { Finished } from '../state/finish.ts'
import type { Part } from './part.ts'
import { trust as params } from './params.ts'

export interface Vote {
  /** Null for an answer that was known before. */
  node: NodeId | null
  /** Who stands behind the node; see `node_joined`. */
  voter: string
  standing: Standing | 'known'
  /** One for each item. */
  said: Said[]
  /** What came of the batch, for results that wait. */
  event?: Finished
}

/** Results that wait for a check: of those of its items that did not fail by their node's own word. */
export interface Held extends Part {
  /** When they wait no longer, on the clock of the rules. */
  dueMs: number
}

/**
 * `replica`: others are asked the same. `canary`: one is asked for a known answer. `question`: nothing
 * is known of it yet.
 */
export interface Check {
  kind: 'replica' | 'canary' | 'question'
  variant: VariantShape
  items: DispatchedItem[]
  /** The one node to ask; null for any. */
  target: NodeId | null
  /** From when on others than trusted nodes may be asked, though there are some. */
  openAtMs: number
  votes: Vote[]
  asked: Set<NodeId>
  /** Nodes that are at it; and whether the auditor is. */
  running: number
  auditing: boolean
  /** The auditor has run it, whatever came of that. */
  wasAudited: boolean
  /** Whose query it is of; empty where it is of none. */
  client: string
  /** Results that wait for it; null where none do, or do any more. */
  held: Held | null
  sinceMs: number
  /** When it ends at the latest; and when it is to be looked at again, if nothing happens before. */
  dueMs: number
  lookMs: number
}

export type NewCheck =
  & Pick<Check, 'kind' | 'variant' | 'items' | 'votes'>
  & Partial<Pick<Check, 'target' | 'held' | 'sinceMs' | 'client'>>

/** @param known others than known parties are not asked at all */
export function checkOf(given: NewCheck, known: boolean, nowMs: number): Check {
  const heldMs = given.held?.dueMs ?? nowMs
  const dueMs = Math.max(nowMs + params.checkMs, heldMs)
  const waitsMs = (given.held === null || given.held === undefined ? dueMs : heldMs) - nowMs
  return {
    target: null,
    held: null,
    running: 0,
    auditing: false,
    wasAudited: false,
    client: '',
    sinceMs: nowMs,
    dueMs,
    lookMs: nowMs,
    openAtMs: known || given.kind === 'question' ? Infinity : nowMs + params.forTrusted * waitsMs,
    asked: new Set(given.votes.flatMap(({ node }) => node ?? [])),
    ...given,
  }
}

/** What was said of its items before, so that what comes of them is encoded alike. */
export const likeOf = ({ votes }: Check) => votes[0]?.said.map(({ outcome }) => outcome)

/** Nobody waits for any of it any more. */
export const isForsaken = ({ batch }: Held): boolean =>
  batch.items.every(({ query }) => query.closed)

/** Whether it says something of the item: not that its node gave up. */
export const isSaid = (outcome: ItemOutcome): boolean =>
  outcome.ok || (outcome.fatal && !outcome.excused)

/** An item of no query, as nodes are given it. */
export const hidden = (payload: Handle): DispatchedItem => ({ query: '', payload })

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

const has = (group: readonly Vote[], ...standings: Vote['standing'][]) =>
  group.some(({ standing }) => standings.includes(standing))

const votersIn = (group: readonly Vote[]): number => new Set(group.map(({ voter }) => voter)).size

/**
 * The group that is right: one with an answer known before, or from the auditor or a node of the
 * coordinator's own; else two voters that agree, one of them trusted at least; where nobody who is
 * trusted can be asked, `least` voters.
 */
function rightOf(
  groups: readonly Vote[][],
  canAskTrusted: boolean,
  least: number,
): Vote[] | undefined {
  return groups.find((group) => has(group, 'known', 'own')) ??
    groups.find((group) => votersIn(group) > 1 && has(group, 'trusted')) ??
    (canAskTrusted ? undefined : groups.find((group) => votersIn(group) >= least))
}

/** What a query is answered with that cannot wait for proof: two voters are enough. */
export const answerOf = (groups: readonly Vote[][], canAskTrusted: boolean): Vote[] | undefined =>
  rightOf(groups, canAskTrusted, 2)

/** What counts for and against nodes. */
export const provenOf = (groups: readonly Vote[][], canAskTrusted: boolean): Vote[] | undefined =>
  rightOf(groups, canAskTrusted, params.quorum)

/** When nobody else can be asked in time: the one group with a trusted node, if there is just one. */
export function trustedOf(groups: readonly Vote[][]): Vote[] | undefined {
  const trusted = groups.filter((group) => has(group, 'trusted'))
  return trusted.length === 1 ? trusted[0] : undefined
}

/** Whether anybody in it is known. */
export const isKnown = (group: readonly Vote[]): boolean => has(group, 'known', 'own', 'trusted')

/** Whether this group, which is right, proves another wrong beyond what backends differ by. */
export function isProof(
  group: readonly Vote[],
  wrong: Vote,
  ref: VariantRef,
  { agree, differ = (...of) => !agree(...of) }: Pick<TrustOptions, 'agree' | 'differ'>,
): boolean {
  return has(group, 'known', 'own') &&
    wrong.said.some((said, i) => differ(ref, said, group[0]!.said[i]!))
}

/** Suspicion of a node that contradicts this group, which is right. */
export function suspicionBy(group: readonly Vote[]): number {
  if (has(group, 'known')) return params.sure
  if (group.length === 1) return 1
  return has(group, 'own', 'trusted') ? params.sure : params.unsure
}

/** What may be a sample for canaries of what this group says, which is right. */
export function sampleOf(group: readonly Vote[]): Vote | undefined {
  if (has(group, 'known')) return undefined
  return group.find(({ standing }) => standing === 'own' || standing === 'trusted') ??
    (votersIn(group) >= params.quorum ? group[0] : undefined)
}

export const nameOf = ({ pipeline, task, variant }: VariantRef) => `${pipeline}/${task}/${variant}`

/** Why a node is suspected that contradicts this group. */
export function reasonOf(ref: VariantRef, right: readonly Vote[]): string {
  const about = nameOf(ref)
  if (has(right, 'known')) return `wrong about what is known (${about})`
  if (has(right, 'own')) return `a worker of the coordinator's own says otherwise (${about})`
  return has(right, 'trusted')
    ? `a trusted node says otherwise (${about})`
    : `${right.length} nodes say otherwise (${about})`
}
