/**
 * A check: the votes of several nodes on the same items, and which of them are right.
 *
 * A majority counts voters, not nodes: many links of one voter have one vote.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import type { ItemReport, TrustOptions } from '../core/options.ts'
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
  /** Null for an answer known before. */
  node: NodeId | null
  /** Identity behind the node; see `node_joined`. */
  voter: string
  standing: Standing | 'known'
  /** One report per item. */
  reports: ItemReport[]
  /** The event of the batch, for held results. */
  event?: Finished
}

/** Results held for a check; its items are those that did not fail by the node's own report. */
export interface Held extends Part {
  /** When they are released at the latest, in scheduler time. */
  dueMs: number
}

/**
 * `replica`: other nodes run the same items. `canary`: one node runs an item with a known answer.
 * `question`: no answer is known yet.
 */
export interface Check {
  kind: 'replica' | 'canary' | 'question'
  variant: VariantShape
  items: DispatchedItem[]
  /** The only node to ask; null for any. */
  target: NodeId | null
  /** From when nodes that are not trusted may be assigned, though trusted ones exist. */
  openAtMs: number
  votes: Vote[]
  assigned: Set<NodeId>
  /** Number of nodes that run it; and whether the auditor does. */
  running: number
  auditing: boolean
  /** Whether the auditor has run it, with or without a result. */
  wasAudited: boolean
  /** Client of its query; empty if it belongs to none. */
  client: string
  /** Results held for it; null if there are none, or none any more. */
  held: Held | null
  sinceMs: number
  /** When it ends at the latest; and when it is looked at next without an event. */
  dueMs: number
  lookMs: number
}

export type NewCheck =
  & Pick<Check, 'kind' | 'variant' | 'items' | 'votes'>
  & Partial<Pick<Check, 'target' | 'held' | 'sinceMs' | 'client'>>

/** @param known whether only trusted nodes and the auditor may be assigned */
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
    assigned: new Set(given.votes.flatMap(({ node }) => node ?? [])),
    ...given,
  }
}

/** Earlier outcomes of its items, so that new ones are encoded in the same way. */
export const likeOf = ({ votes }: Check) => votes[0]?.reports.map(({ outcome }) => outcome)

/** Whether all queries of the held results are closed. */
export const isForsaken = ({ batch }: Held): boolean =>
  batch.items.every(({ query }) => query.closed)

/** Whether an outcome is a statement on the item, not a failure of its node. */
export const isStatement = (outcome: ItemOutcome): boolean =>
  outcome.ok || (outcome.fatal && !outcome.excused)

/** An item in the form sent to nodes, without a query. */
export const hidden = (payload: Handle): DispatchedItem => ({ query: '', payload })

/** Groups of votes that agree, in every item, with the first of their group. */
export function groupsOf(
  votes: readonly Vote[],
  ref: VariantRef,
  agree: TrustOptions['agree'],
): Vote[][] {
  const groups: Vote[][] = []
  for (const vote of votes) {
    const group = groups.find(([first]) =>
      first!.reports.every((report, i) => agree(ref, report, vote.reports[i]!))
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
 * The right group: one with an answer known before, or from the auditor or an own node; else two voters
 * that agree, at least one of them trusted; if no trusted node can be assigned, `least` voters that agree.
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

/** The group that answers a query that cannot wait for proof: two voters are enough. */
export const answerOf = (groups: readonly Vote[][], canAskTrusted: boolean): Vote[] | undefined =>
  rightOf(groups, canAskTrusted, 2)

/** The group that counts for and against nodes. */
export const provenOf = (groups: readonly Vote[][], canAskTrusted: boolean): Vote[] | undefined =>
  rightOf(groups, canAskTrusted, params.quorum)

/** If no further node can be assigned in time: the group with a trusted node, if there is just one. */
export function trustedOf(groups: readonly Vote[][]): Vote[] | undefined {
  const trusted = groups.filter((group) => has(group, 'trusted'))
  return trusted.length === 1 ? trusted[0] : undefined
}

/** Whether a group has a trusted or own node, or a known answer. */
export const isKnown = (group: readonly Vote[]): boolean => has(group, 'known', 'own', 'trusted')

/** Whether the right group proves a vote wrong beyond the differences of backends. */
export function isProof(
  group: readonly Vote[],
  wrong: Vote,
  ref: VariantRef,
  { agree, differ = (...of) => !agree(...of) }: Pick<TrustOptions, 'agree' | 'differ'>,
): boolean {
  return has(group, 'known', 'own') &&
    wrong.reports.some((report, i) => differ(ref, report, group[0]!.reports[i]!))
}

/** Suspicion of a node that contradicts the right group. */
export function suspicionBy(group: readonly Vote[]): number {
  if (has(group, 'known')) return params.sure
  if (group.length === 1) return 1
  return has(group, 'own', 'trusted') ? params.sure : params.unsure
}

/** The vote of the right group that may become a sample for canaries. */
export function sampleOf(group: readonly Vote[]): Vote | undefined {
  if (has(group, 'known')) return undefined
  return group.find(({ standing }) => standing === 'own' || standing === 'trusted') ??
    (votersIn(group) >= params.quorum ? group[0] : undefined)
}

export const nameOf = ({ pipeline, task, variant }: VariantRef) => `${pipeline}/${task}/${variant}`

/** Reason for suspecting a node that contradicts the right group. */
export function reasonOf(ref: VariantRef, right: readonly Vote[]): string {
  const about = nameOf(ref)
  if (has(right, 'known')) return `wrong about a known answer (${about})`
  if (has(right, 'own')) return `the auditor or an own node disagrees (${about})`
  return has(right, 'trusted')
    ? `a trusted node disagrees (${about})`
    : `${right.length} nodes disagree (${about})`
}
