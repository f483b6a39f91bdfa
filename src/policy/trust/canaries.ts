/**
 * Canaries: nodes are asked what is known already, in batches like any other; a node that is new at
 * once, others at random times.
 *
 * @module
 */
import type { PipelineShape, VariantShape } from '../core/graph.ts'
import type { Said } from '../core/options.ts'
import type { Handle, NodeId } from '../core/types.ts'
import type { Proof } from '../state/slots.ts'
import { holds } from '../state/credit.ts'
import type { Checks } from './checks.ts'
import type { Judges, TrustParts } from './judges.ts'
import { trust as params } from './params.ts'
import { type Check, hidden, type Vote } from './quorum.ts'
import type { Presence, Reputations } from './reputations.ts'
import { Questions, type Sample, SampleStore } from './sample_store.ts'

/** When a node is asked next. */
interface Clock {
  /** From then on, or after so many batches more, whichever comes first. */
  atMs: number
  batches: number
  /** Canaries since the node joined, or showed less than before. */
  sent: number
  /** Wrong answers in a row. */
  failed: number
  proof: Proof
  /** One canary at a time. */
  isAsked: boolean
}

export class Canaries {
  private readonly samples: SampleStore
  private readonly questions: Questions
  private readonly clocks = new WeakMap<Presence, Clock>()
  private readonly samplesOf = new WeakMap<Check, Sample[]>()
  /** Variants that nobody is to be asked about before then: one question of each at a time. */
  private readonly restUntilMs = new WeakMap<VariantShape, number>()
  private tickMs = -Infinity

  constructor(
    private readonly parts: TrustParts,
    private readonly reputations: Reputations,
    private readonly judges: Judges,
    private readonly checks: Checks,
  ) {
    const { random, weigh, question } = parts.options
    this.samples = new SampleStore(random, weigh)
    this.questions = new Questions(question)
  }

  /** Asks whoever is due. */
  tick(nowMs: number): void {
    if (nowMs < this.tickMs) return
    this.tickMs = nowMs + params.tickMs
    if (!this.parts.isBusy(nowMs)) this.question(nowMs)
    const { reputations } = this
    for (const [id, presence] of reputations.present) {
      if (reputations.get(id)?.own !== false) continue
      const clock = this.clockOf(id, presence, nowMs)
      if (presence.paused || clock.isAsked) continue
      if (clock.atMs <= nowMs || presence.batches >= clock.batches) {
        this.send(id, presence, clock, nowMs)
      }
    }
  }

  nextMs(): number {
    return this.tickMs
  }

  /** An answer that is right. */
  learn(variant: VariantShape, payload: Handle, said: Said, seenBy: Iterable<NodeId>): void {
    if (!said.outcome.ok) return
    this.questions.learn(variant, said.outcome.children)
    if (this.samples.wants(variant)) this.samples.add(variant, payload, said, seenBy)
  }

  /** A canary or a question is over; `wrong` where nothing, or nothing right, came of it. */
  ended(check: Check, wrong: boolean, nowMs: number): void {
    const { variant, target } = check
    if (target === null) {
      this.restUntilMs.delete(variant)
      if (wrong) this.putBack(variant, check.items[0]!.payload, nowMs)
      return
    }
    const { reputations } = this
    const standing = reputations.standingOf(target)
    // What a trusted node says otherwise may never have been right.
    if (wrong && standing === 'trusted') {
      for (const sample of this.samplesOf.get(check) ?? []) this.samples.drop(sample)
    }
    const presence = reputations.present.get(target)
    if (presence === undefined) return
    const clock = this.clockOf(target, presence, nowMs)
    clock.isAsked = false
    clock.failed = wrong ? clock.failed + 1 : 0
    this.wind(target, presence, clock, nowMs)
  }

  /** A pipeline is served no more. */
  close(shape: PipelineShape): void {
    this.samples.close(shape)
  }

  private clockOf(id: NodeId, presence: Presence, nowMs: number): Clock {
    const { reputations } = this
    const proof = reputations.proofOf(id)
    let clock = this.clocks.get(presence)
    if (clock === undefined) {
      clock = { atMs: 0, batches: 0, sent: 0, failed: 0, proof, isAsked: false }
      this.clocks.set(presence, clock)
      this.wind(id, presence, clock, nowMs)
    }
    // A node that shows less than before is asked as if it were new.
    if (proof < clock.proof) {
      clock.atMs = -Infinity
      clock.sent = 0
    }
    clock.proof = proof
    return clock
  }

  /** Sets the time of the next canary. */
  private wind(id: NodeId, presence: Presence, clock: Clock, nowMs: number): void {
    const { sent, failed } = clock
    const standing = this.reputations.standingOf(id)
    // Between half and twice as long, so that nobody can tell when.
    const about = (mean: number) => mean * (0.5 + 1.5 * this.parts.options.random())
    presence.batches = 0
    clock.batches = standing === 'quarantined' ? Infinity : Math.ceil(about(params.batches))
    if (standing === 'trusted') clock.atMs = nowMs + about(params.idleMs)
    else if (standing === 'quarantined') {
      clock.atMs = nowMs + about(Math.min(params.idleMs, params.proofMs * 2 ** failed))
    } else clock.atMs = nowMs + about(sent < params.proven ? params.tickMs : params.proofMs)
  }

  private send(id: NodeId, presence: Presence, clock: Clock, nowMs: number): void {
    if (this.canary(id, presence, clock, nowMs)) return
    clock.isAsked = false
    clock.atMs = nowMs + params.nothingMs
    presence.batches = Math.min(presence.batches, clock.batches - 1)
  }

  /** Asks a node for samples that it has not seen, of any variant that it holds. */
  private canary(id: NodeId, presence: Presence, clock: Clock, nowMs: number): boolean {
    const { shapes, nodes, options: { random } } = this.parts
    const node = nodes.get(id)
    const fit = shapes.variants.filter((variant) =>
      node !== undefined && holds(node, variant) &&
      this.samples.unseenBy(id, variant, 1).length > 0
    )
    const variant = fit[Math.floor(random() * fit.length)]
    if (variant === undefined) return false
    const most = variant.task.depth === 0 ? 1 : 1 + Math.floor(params.items * random())
    const samples = this.samples.unseenBy(id, variant, most, presence.backend)
    const items = samples.map(({ payload }) => hidden(payload))
    const said = samples.map((sample) => sample.said)
    const votes: Vote[] = [{ node: null, voter: '', standing: 'known', said }]
    // Set before: a check may be over at once.
    clock.isAsked = true
    // Slots that are kept from queries wait for none.
    const sinceMs = node!.keptFrom.has(variant.ref.pipeline) ? -Infinity : nowMs
    const check = this.checks.begin(
      { kind: 'canary', variant, items, votes, target: id, sinceMs },
      nowMs,
    )
    if (check === undefined) return false
    this.samplesOf.set(check, samples)
    for (const sample of samples) {
      sample.seenBy.add(id)
      if (sample.seenBy.size > params.mostSeen) this.samples.drop(sample)
    }
    clock.sent++
    return true
  }

  /** Where there are few samples, somebody is asked: the auditor, one of the own nodes, or several others. */
  private question(nowMs: number): void {
    const { shapes } = this.parts
    for (const variant of shapes.variants) {
      if (this.samples.count(variant) >= params.samples / 2 || !this.questions.has(variant)) {
        continue
      }
      if ((this.restUntilMs.get(variant) ?? 0) > nowMs) continue
      if (!this.judges.canProve(variant, nowMs)) continue
      const payload = this.questions.next(variant)
      if (payload === undefined) continue
      this.restUntilMs.set(variant, Infinity)
      const items = [hidden(payload)]
      const check = this.checks.begin({ kind: 'question', variant, items, votes: [] }, nowMs)
      if (check === undefined) this.putBack(variant, payload, nowMs)
    }
  }

  private putBack(variant: VariantShape, payload: Handle, nowMs: number): void {
    this.questions.again(variant, payload)
    this.restUntilMs.set(variant, nowMs + params.proofMs)
  }
}
