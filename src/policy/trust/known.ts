/**
 * Known answers: where they come from, and who is asked for them when.
 *
 * @module
 */
import type { Said, TrustOptions } from '../options.ts'
import type { PoolNode } from '../pool/slots.ts'
import { holds } from '../pool/spare.ts'
import type { PipelineShape, Shapes, VariantShape } from '../shape.ts'
import type { DispatchedItem, Handle, NodeId } from '../types.ts'
import { createBank, type Known } from './bank.ts'
import { isDue, putOff, wind } from './canaries.ts'
import type { Check } from './checks.ts'
import { createQuestions } from './questions.ts'
import { MANY, type Vote } from './votes.ts'
import type { Words } from './words.ts'

export interface KnownParts {
  options: TrustOptions
  shapes: Shapes
  nodes: ReadonlyMap<NodeId, PoolNode>
  words: Words
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
  /** A canary is over. */
  ended(check: Check, wrong: boolean, nowMs: number): void
}

const TICK_MS = 100
/** Known answers of a variant that questions are asked for. */
const FEW_KNOWN = 4
/** Items of one canary; the first task of a pipeline seldom gets more than one at a time. */
const MOST_ITEMS = 3
const MOST_SEEN = 1000

export const hidden = (payload: Handle): DispatchedItem => ({ query: '', payload })

export function createKnownAnswers(parts: KnownParts): KnownAnswers {
  const { options, shapes, nodes, words } = parts
  const { random } = options
  const bank = createBank(random, options.weigh)
  const questions = createQuestions(options.samples)
  const usedBy = new WeakMap<Check, Known[]>()
  let tickMs = -Infinity

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
    const votes: Vote[] = [{ node: null, standing: 'known', said: known.map(({ said }) => said) }]
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

  /** Where little is known, somebody is asked: one of the own nodes, or several others. */
  function question(nowMs: number): void {
    for (const variant of shapes.variants) {
      if (bank.count(variant) >= FEW_KNOWN || !questions.has(variant)) continue
      let able = 0
      for (const node of nodes.values()) {
        // By its volunteer, or in quarantine.
        if (node.paused || !holds(node, variant)) continue
        able += words.standingOf(node.id) === 'proving' ? 1 : MANY
      }
      const payload = able >= MANY ? questions.next(variant) : undefined
      if (payload === undefined) continue
      const items = [hidden(payload)]
      parts.begin({ kind: 'question', variant, items, votes: [], target: null }, nowMs)
    }
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
    },
    ended(check, wrong, nowMs) {
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
