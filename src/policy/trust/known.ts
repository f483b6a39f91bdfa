/**
 * Known answers: where they come from, and who is asked for them when.
 *
 * @module
 */
import type { Said, TrustOptions } from '../core/options.ts'
import type { PoolNode } from '../state/slots.ts'
import { holds } from '../state/credit.ts'
import type { PipelineShape, Shapes, VariantShape } from '../core/graph.ts'
import type { DispatchedItem, Handle, NodeId } from '../core/types.ts'
import { createBank, type Known } from './bank.ts'
import { isDue, putOff, wind } from './canaries.ts'
import type { Check } from './check.ts'
import { createQuestions } from './questions.ts'
import { MANY, type Vote } from './votes.ts'
import type { Words } from './words.ts'

export interface KnownParts {
  options: TrustOptions
  shapes: Shapes
  nodes: ReadonlyMap<NodeId, PoolNode>
  words: Words
  /** Whether the auditor could be asked about it. */
  knows(variant: VariantShape, nowMs: number): boolean
  /** Whether anything waits for a slot: what nobody knows yet is not asked about then. */
  isBusy?(nowMs: number): boolean
  begin(
    check: Pick<Check, 'kind' | 'variant' | 'items' | 'votes' | 'target'>,
    nowMs: number,
  ): Check | undefined
}

export interface KnownAnswers {
  /** Asks whoever is due. */
  tick(nowMs: number): void
  nextMs(): number
  /** An answer that is right. */
  note(variant: VariantShape, payload: Handle, said: Said, seenBy: Iterable<NodeId>): void
  /** A pipeline is served no more. */
  close(shape: PipelineShape): void
  /** A canary or a question is over; `wrong` where nothing, or nothing right, came of it. */
  ended(check: Check, wrong: boolean, nowMs: number): void
}

const TICK_MS = 100
/** Known answers of a variant that questions are asked for. */
const FEW_KNOWN = 4
/** Items of one canary; the first task of a pipeline seldom gets more than one at a time. */
const MOST_ITEMS = 3
const MOST_SEEN = 1000
/** Milliseconds before a question is asked again that nobody could answer. */
const AGAIN_MS = 3000

export const hidden = (payload: Handle): DispatchedItem => ({ query: '', payload })

export function createKnownAnswers(parts: KnownParts): KnownAnswers {
  const { options, shapes, nodes, words } = parts
  const { random } = options
  const bank = createBank(random, options.weigh)
  const questions = createQuestions(options.question)
  const usedBy = new WeakMap<Check, Known[]>()
  let tickMs = -Infinity
  /** Variants that nobody is to be asked about before then: one question of each at a time. */
  const restUntilMs = new Map<VariantShape, number>()

  function ask(id: NodeId, nowMs: number): void {
    const node = nodes.get(id)
    const presence = words.present.get(id)!
    const fit = shapes.variants.filter((variant) =>
      node !== undefined && holds(node, variant) && bank.unseenBy(id, variant, 1).length > 0
    )
    const variant = fit[Math.floor(random() * fit.length)]
    if (variant === undefined) return putOff(presence.canary, nowMs)
    const most = variant.task.depth === 0 ? 1 : 1 + Math.floor(MOST_ITEMS * random())
    const known = bank.unseenBy(id, variant, most, presence.backend)
    const items = known.map(({ payload }) => hidden(payload))
    const votes: Vote[] = [{
      ...{ node: null, voter: '', standing: 'known' },
      said: known.map(({ said }) => said),
    }]
    // Set before: a check may be over at once.
    presence.asked = true
    const check = parts.begin({ kind: 'canary', variant, items, votes, target: id }, nowMs)
    if (check === undefined) {
      presence.asked = false
      return putOff(presence.canary, nowMs)
    }
    usedBy.set(check, known)
    for (const one of known) {
      one.seenBy.add(id)
      // What so many know is no secret any more.
      if (one.seenBy.size > MOST_SEEN) bank.drop(one)
    }
    presence.canary.sent++
  }

  /** Whether the pool has a node that is believed, or voters enough. */
  function couldProve(variant: VariantShape): boolean {
    const voters = new Set<string>()
    for (const node of nodes.values()) {
      // By its volunteer, or in quarantine.
      if (node.paused || !holds(node, variant)) continue
      if (words.standingOf(node.id) !== 'proving') return true
      voters.add(words.voterOf(node.id))
    }
    return voters.size >= MANY
  }

  /** Where little is known, somebody is asked: the auditor, one of the own nodes, or several others. */
  function question(nowMs: number): void {
    for (const variant of shapes.variants) {
      if (bank.count(variant) >= FEW_KNOWN || !questions.has(variant)) continue
      if ((restUntilMs.get(variant) ?? 0) > nowMs) continue
      if (!parts.knows(variant, nowMs) && !couldProve(variant)) continue
      const payload = questions.next(variant)
      if (payload === undefined) continue
      const items = [hidden(payload)]
      restUntilMs.set(variant, Infinity)
      const check = parts.begin(
        { kind: 'question', variant, items, votes: [], target: null },
        nowMs,
      )
      if (check === undefined) putBack(variant, payload, nowMs)
    }
  }

  function putBack(variant: VariantShape, payload: Handle, nowMs: number): void {
    questions.again(variant, payload)
    restUntilMs.set(variant, nowMs + AGAIN_MS)
  }

  return {
    tick(nowMs) {
      if (nowMs < tickMs) return
      tickMs = nowMs + TICK_MS
      if (!parts.isBusy?.(nowMs)) question(nowMs)
      for (const [id, presence] of words.present) {
        if (presence.paused || presence.asked || words.get(id)?.own !== false) continue
        if (isDue(presence.canary, nowMs)) ask(id, nowMs)
      }
    },
    nextMs: () => tickMs,
    note(variant, payload, said, seenBy) {
      if (!said.outcome.ok) return
      questions.learn(variant, said.outcome.children)
      if (bank.wants(variant)) bank.add(variant, payload, said, [...seenBy])
    },
    close(shape) {
      bank.close(shape)
      questions.close(shape)
      for (const task of shape.tasks) task.variants.forEach((one) => restUntilMs.delete(one))
    },
    ended(check, wrong, nowMs) {
      if (check.kind === 'question') {
        restUntilMs.delete(check.variant)
        if (wrong) putBack(check.variant, check.items[0]!.payload, nowMs)
        return
      }
      const id = check.target!
      // What a trusted node says otherwise may never have been right.
      if (wrong && words.standingOf(id) === 'trusted') usedBy.get(check)?.forEach(bank.drop)
      const presence = words.present.get(id)
      if (presence === undefined) return
      presence.asked = false
      presence.canary.failed = wrong ? presence.canary.failed + 1 : 0
      wind(presence.canary, words.standingOf(id), nowMs, random)
    },
  }
}
