/**
 * Reputation: how many checks a node passed, how suspect it is, and what follows from that.
 *
 * @module
 */
import { publicName } from '../../pipeline/version.ts'
import type { Reputation } from '../core/memory.ts'
import type { Standing, VariantRef } from '../core/types.ts'
import { trust as params } from './params.ts'

export const newReputation = (own: boolean): Reputation => ({
  own,
  inRow: 0,
  by: {},
  passed: 0,
  failed: 0,
  suspicion: 0,
  failures: 0,
  quarantined: false,
  probation: own ? 0 : params.probation,
  sentences: 0,
  atoned: 0,
  reason: own ? 'belongs to the coordinator' : 'new',
})

const doubled = (count: number, times: number): number =>
  count * 2 ** Math.min(Math.max(0, times), params.doublings)

/** Checks in a row until it is trusted. */
const provenAt = ({ sentences }: Reputation): number => doubled(params.proven, sentences)

/** Known answers in a row until it leaves quarantine. */
export const atonedAt = ({ sentences }: Reputation): number => doubled(params.atoned, sentences - 1)

/** Key of a task; all versions of a pipeline share it. */
const taskKey = ({ pipeline, task }: VariantRef) => `${publicName(pipeline)} ${task}`
const variantKey = (ref: VariantRef) => `${taskKey(ref)} ${ref.variant}`

/**
 * Standing of a node, on a variant if one is given: a node that is honest at one task may lie at another.
 */
export function standingOf(of: Reputation, ref?: VariantRef): Standing {
  if (of.own) return 'own'
  if (of.quarantined) return 'quarantined'
  if (of.inRow < provenAt(of) || of.probation > 0) return 'proving'
  if (ref === undefined) return 'trusted'
  const { [taskKey(ref)]: atTask = 0, [variantKey(ref)]: atVariant = 0 } = of.by
  return atTask >= params.atTask && atVariant >= params.atVariant ? 'trusted' : 'proving'
}

/** Whether it has its own faults on record: such nodes are forgotten last. */
export const isDistrusted = (
  { quarantined, sentences, suspicion, failed, lies = 0 }: Reputation,
): boolean => quarantined || sentences > 0 || lies > 0 || (failed > 0 && suspicion > 0)

/** Share of its batches that are checked, 0 to 1: all at first, falling with each check passed. */
export function shareChecked(of: Reputation, ref?: VariantRef): number {
  const standing = standingOf(of, ref)
  if (standing === 'own') return 0
  if (standing !== 'trusted') return 1
  const least = params.leastShare * params.oftener ** (of.lies ?? 0)
  return Math.min(1, Math.max(least, (provenAt(of) / of.inRow) ** params.fall))
}

/** @param known whether the check was with a known answer */
export function pass(of: Reputation, known: boolean, ref: VariantRef): void {
  of.passed++
  if (of.quarantined) {
    if (!known || ++of.atoned < atonedAt(of)) return
    of.quarantined = false
    of.suspicion = 1
    of.reason = `back from quarantine: ${of.atoned} known answers given right in a row`
    return
  }
  of.inRow++
  if (of.own) return
  for (const key of [taskKey(ref), variantKey(ref)]) of.by[key] = (of.by[key] ?? 0) + 1
  of.probation = Math.max(0, of.probation - 1)
  of.suspicion = Math.max(0, of.suspicion - params.forgiven)
  of.reason = standingOf(of) === 'trusted'
    ? `passed ${of.inRow} checks in a row`
    : `passed ${of.inRow} of ${provenAt(of)} checks`
}

/**
 * @param suspicion how sure the check is that the node was wrong; see `suspicionBy`
 * @param isLie whether it is proven, beyond the differences of backends
 */
export function fail(of: Reputation, suspicion: number, reason: string, isLie = false): void {
  of.failed++
  of.inRow = 0
  of.by = {}
  of.reason = of.own ? `belongs to the coordinator, yet ${reason}` : reason
  falter(of)
  if (of.own || of.quarantined) return
  of.suspicion += suspicion
  if (isLie) of.lies = (of.lies ?? 0) + 1
  const isProven = isLie && of.lies! >= params.mostLies
  if (of.suspicion >= params.tooSuspect || isProven) quarantine(of)
}

/** The node failed, or stopped reporting: whatever the cause, it must show again that it works. */
export function falter(of: Reputation): void {
  if (of.own) return
  of.probation = params.probation
  of.atoned = 0
}

/** Another node did what it failed at. */
export function failWork(of: Reputation, reason: string): void {
  if (of.own) return
  falter(of)
  of.reason = reason
  if (of.quarantined) return
  of.failures = (of.failures ?? 0) + 1
  if (of.failures >= params.tooSuspect) quarantine(of)
}

/** Results of the node were taken. */
export function doWork(of: Reputation): void {
  of.failures = Math.max(0, (of.failures ?? 0) - params.forgiven)
}

function quarantine(of: Reputation): void {
  of.quarantined = true
  of.failures = 0
  of.sentences++
}
