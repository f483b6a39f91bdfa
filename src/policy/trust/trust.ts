/**
 * Trust: what each node's word is worth, and what follows for its results.
 *
 * Results of a node that has yet to prove itself wait until another node said the same; of one that
 * has, a small share is compared behind the client's back. Where two differ a third decides. Known
 * answers are asked for now and then, in frames like any other. Who is wrong too often gets nothing
 * but those until it was right for long enough.
 *
 * @module
 */
import type { Extras } from '../state/finish.ts'
import type { Finished } from '../state/finish.ts'
import type { Word } from '../core/memory.ts'
import type { TrustOptions } from '../core/options.ts'
import type { Batch, PoolNode, Slot } from '../state/slots.ts'
import { unsettle } from '../state/query.ts'
import type { Shapes } from '../core/graph.ts'
import type { ExtraWork } from '../core/extra_work.ts'
import type { NodeId, NodeTrust, PolicyCommand, PolicyEvent } from '../core/types.ts'
import { createAuditor } from './auditor.ts'
import { type Check, createCheck } from './check.ts'
import { createChecks } from './checks.ts'
import { createClaims } from './claims.ts'
import { createFaults, type Faults } from './faults.ts'
import { type Held, release } from './held.ts'
import { createJudges, type JudgesParts } from './judges.ts'
import { createKnownAnswers, hidden } from './known.ts'
import { isKnown, reasonOf, surenessOf, type Vote } from './votes.ts'
import { fail, pass, shareChecked } from './word.ts'
import { createWords, type Words } from './words.ts'

export interface TrustParts extends Pick<JudgesParts, 'fits'> {
  options: TrustOptions
  shapes: Shapes
  extras: Extras
  nodes: ReadonlyMap<NodeId, PoolNode>
  /** Whether anything waits for a slot. */
  isBusy(nowMs: number): boolean
  emit(command: PolicyCommand): void
  /** Takes in what a batch says of its node only. */
  hear(batch: Batch, event: Finished, nowMs: number): Finished
  /** Takes in what a batch says of its items. */
  serve(batch: Batch, event: Finished, nowMs: number): void
  retry(batch: Batch, message: string, nowMs: number): void
  /** Some node has shown more than before, or less. */
  proved(): void
}

export interface Trust {
  /** An event as the rules are to see it; undefined where it is of the auditor, and theirs not at all. */
  before(event: PolicyEvent, nowMs: number): PolicyEvent | undefined
  /** A result with the time that it took as far as can be seen. */
  capped(batch: Batch, event: Finished, nowMs: number): Finished
  /** Whether the results of a batch are taken now, wait for a check, or are worth nothing. */
  judge(batch: Batch, event: Finished, nowMs: number): 'serve' | 'held' | 'refuse'
  /** Sends what is to be checked to slots that are free. */
  place(freed: readonly Slot[], nowMs: number): void
  nextMs(): number
  /** What the rules are to hear of since the last call. */
  news(): PolicyEvent[]
  of(node: NodeId): NodeTrust | undefined
  words: Pick<Words, 'proofOf' | 'speaks'>
  faults: Faults
  readonly work: ExtraWork
  /** To be kept, and given back as `remembered`. */
  changedWords(): [NodeId, Word][]
  remember(words: readonly [NodeId, Word][]): void
}

/** Share of the time left to a query that its results may wait for a check. */
const HOLD_SHARE = 0.6
/** After a trusted node was wrong so much is checked of all others for a while: it may not be alone. */
const ALARM_SHARE = 0.2
const ALARM_MS = 15_000
/** While a larger share than this is checked, what is checked waits for it. */
const HOLD_ABOVE = 0.25
/** An outcome that no input can lead to: more than an error. */
const BLATANT = 3

export function createTrust(parts: TrustParts): Trust {
  const { options, nodes, shapes } = parts
  const { random } = options
  const words = createWords(parts.emit, random, parts.proved)
  const faults = createFaults(words, (id) => nodes.has(id))
  const claims = createClaims(shapes)
  const isKept = (id: NodeId | null, { ref: { pipeline } }: Pick<Check['variant'], 'ref'>) =>
    nodes.get(id ?? '')?.keptFrom.has(pipeline) === true
  const work: ExtraWork = { items: 0, replicas: 0, canaries: 0, hedges: 0, audits: 0 }
  const auditor = createAuditor(shapes, parts.emit)
  let alarmUntilMs = -Infinity
  const judges = createJudges({
    ...{ random, nodes, ids: words.ids, auditor, fits: parts.fits, voterOf: words.voterOf },
    // Who has shown nothing judges nobody: what waits for a silent one would be late.
    standingAt: (id, ref) => isKept(id, { ref }) ? 'quarantined' : words.standingAt(id, ref),
    backendOf: (id) => words.present.get(id)?.backend,
    isWilling: (id) => words.present.get(id)?.paused === false,
  })
  const checks = createChecks({
    ...{ options, judges, auditor, extras: faults.watch(parts.extras) },
    ...{ standingAt: words.standingAt, voterOf: words.voterOf },
    isBusy: parts.isBusy,
    sent(check, items) {
      if (check.kind === 'replica') work.replicas += items
      else work.canaries += items
    },
    audited: (items) => void (work.audits += items),
    heard(batch, event, nowMs) {
      noteBackend(batch, event)
      return parts.hear(batch, event, nowMs)
    },
    blatant,
    release: (check, held, right, nowMs) =>
      release(held, check, right, { ...parts, couldAsk: judges.couldAsk }, nowMs),
    decided,
  })
  const known = createKnownAnswers({
    ...{ options, shapes, nodes, words, knows: auditor.knows, isBusy: parts.isBusy },
    // Slots that are kept from queries wait for none.
    begin: (given, nowMs) =>
      begin({ ...given, sinceMs: isKept(given.target, given.variant) ? -Infinity : nowMs }, nowMs),
  })

  const isOwn = (batch: Batch) => words.get(batch.slot.node.id)?.own === true

  function noteBackend({ slot }: Batch, { backend }: Finished): void {
    const presence = words.present.get(slot.node.id)
    if (presence !== undefined && backend !== undefined) presence.backend = backend
  }

  function blatant(id: NodeId, fault: string, { ref }: Check['variant']): void {
    const about = `${ref.pipeline}/${ref.task}/${ref.variant}`
    words.change(id, (word) => fail(word, BLATANT, `${fault} (${about})`))
  }

  /** Has it checked. */
  function begin(
    given: Pick<Check, 'kind' | 'variant' | 'items' | 'votes'> & Partial<Check>,
    nowMs: number,
  ): Check | undefined {
    const check = createCheck(given, nowMs)
    return checks.begin(check, nowMs) ? check : undefined
  }

  function decided(
    check: Check,
    right: readonly Vote[] | undefined,
    groups: Vote[][],
    nowMs: number,
  ): void {
    const wrong = right === undefined ? [] : groups.filter((group) => group !== right)
    if (check.kind !== 'replica') known.ended(check, right === undefined || wrong.length > 0, nowMs)
    if (right !== undefined) {
      const reason = reasonOf(check.kind, check.variant.ref, right)
      const sureness = right.length > 1 || check.kind === 'canary' ? surenessOf(right) : 1
      for (const { node } of wrong.flat()) {
        if (node === null) continue
        if (words.standingOf(node) === 'trusted') alarmUntilMs = nowMs + ALARM_MS
        words.change(node, (word) => fail(word, sureness, reason))
      }
      for (const { node } of right.length > 1 ? right : []) {
        if (node !== null) {
          words.change(node, (word) => pass(word, check.kind === 'canary', check.variant.ref))
        }
      }
      if (check.kind !== 'canary' && isKnown(right)) keep(check, right)
    }
  }

  /** What is right may be asked of others. */
  function keep(check: Check, right: readonly Vote[]): void {
    const best = right.find(({ standing }) => standing === 'own' || standing === 'trusted') ??
      right[0]!
    best.said.forEach((said, i) =>
      known.note(check.variant, check.items[i]!.payload, said, check.asked)
    )
  }

  function judge(batch: Batch, event: Finished, nowMs: number): 'serve' | 'held' | 'refuse' {
    const { id } = batch.slot.node
    const { variant } = batch
    const word = words.get(id)
    work.items += batch.items.length
    checks.usual(variant.task, batch.items[0]!.deadlineMs - batch.dispatchedMs)
    if (word === undefined) return 'serve'
    const { backend } = event
    noteBackend(batch, event)
    const positions = batch.items.flatMap((_, i) => {
      const outcome = event.outcomes[i]
      return outcome !== undefined && (outcome.ok || outcome.fatal) ? [i] : []
    })
    if (word.own) {
      for (const i of words.strangers > 0 ? positions : []) {
        known.note(variant, batch.items[i]!.payload, { outcome: event.outcomes[i]!, backend }, [])
      }
      return 'serve'
    }
    for (const i of positions) {
      const fault = options.faultOf?.(variant.ref, event.outcomes[i]!)
      if (fault === undefined) continue
      blatant(id, fault, variant)
      return 'refuse'
    }
    if (word.quarantined) return 'refuse'
    const presence = words.present.get(id)
    if (presence !== undefined) presence.canary.batches--
    if (positions.length === 0) return 'serve'
    const share = Math.max(shareChecked(word, variant.ref), nowMs < alarmUntilMs ? ALARM_SHARE : 0)
    const wanted = batch.items.some(({ query }) => !query.closed)
    if (!wanted || random() >= share) return 'serve'
    if (!judges.couldAsk(batch, nowMs) && !checks.canAudit(variant, nowMs)) return 'serve'
    if (share < HOLD_ABOVE) {
      audit(batch, event, positions, nowMs)
      return 'serve'
    }
    hold(batch, event, positions, nowMs)
    return 'held'
  }

  const voteOf = (batch: Batch, event: Finished, positions: readonly number[]): Vote => ({
    node: batch.slot.node.id,
    voter: words.voterOf(batch.slot.node.id),
    standing: words.standingAt(batch.slot.node.id, batch.variant.ref),
    said: positions.map((i) => ({ outcome: event.outcomes[i]!, backend: event.backend })),
  })

  /** One item of a trusted node's batch is compared, while its results are taken. */
  function audit(batch: Batch, event: Finished, positions: readonly number[], nowMs: number): void {
    const some = [positions[Math.floor(random() * positions.length)]!]
    const items = some.map((i) => hidden(batch.items[i]!.payload))
    const votes = [voteOf(batch, event, some)]
    begin({ kind: 'replica', variant: batch.variant, items, votes }, nowMs)
  }

  function hold(batch: Batch, event: Finished, positions: number[], nowMs: number): void {
    const items = positions.map((i) => hidden(batch.items[i]!.payload))
    const leftMs =
      batch.items.reduce((least, { deadlineMs }) => Math.min(least, deadlineMs), Infinity) -
      nowMs
    for (const item of batch.items) {
      item.endsAtMs = nowMs + batch.meanMs + batch.networkMs
      unsettle(item.query)
    }
    const dueMs = nowMs + HOLD_SHARE * Math.max(0, leftMs)
    const held: Held = { batch, event, positions, dueMs }
    const votes = [voteOf(batch, event, positions)]
    begin({ kind: 'replica', variant: batch.variant, items, votes, held }, nowMs)
  }

  return {
    before(event, nowMs) {
      if (auditor.takes(event, nowMs)) return undefined
      if (event.type === 'node_joined') {
        words.join(event.node, event.own ?? false, nowMs, event.voter)
      }
      if (event.type === 'node_left') {
        words.leave(event.node)
        claims.left(event.node)
      }
      if (event.type === 'pipeline_removed') {
        known.close(shapes.pipelines.get(event.pipeline)!)
        words.close(event.pipeline)
      }
      if (event.type !== 'node_reported') return event
      const word = words.get(event.node)
      const presence = words.present.get(event.node)
      if (presence === undefined || word === undefined) return event
      if (event.paused === undefined) return claims.reported(event)
      presence.paused = event.paused
      return claims.reported({ ...event, paused: event.paused || word.quarantined })
    },
    capped: (batch, event, nowMs) => isOwn(batch) ? event : claims.finished(batch, event, nowMs),
    judge,
    place(freed, nowMs) {
      if (words.strangers > 0) known.tick(nowMs)
      checks.place(freed, nowMs)
    },
    nextMs: () => words.strangers > 0 ? Math.min(known.nextMs(), checks.nextMs()) : checks.nextMs(),
    news: words.news,
    of: (id) => words.trustOf(id, claims.slowerThanSaid(id)),
    ...{ words, faults, work },
    changedWords: words.changed,
    remember: words.remember,
  }
}
