/**
 * Canaries: nodes get items whose answers are known, in batches like any other; a new node at once, others
 * at random times. The known answers belong to questions of the coordinator's own: no node gets an input
 * of a client that no query needs.
 *
 * @module
 */
import type { PipelineShape, VariantShape } from '../core/graph.ts'
import type { ItemReport } from '../core/options.ts'
import type { Handle, NodeId } from '../core/types.ts'
import type { Proof } from '../state/node.ts'
import { holds } from '../state/credit.ts'
import type { Checks } from './checks.ts'
import type { Judges, TrustParts } from './judges.ts'
import { trust as params } from './params.ts'
import { type Check, hidden, type Vote } from './quorum.ts'
import type { Presence, Reputations } from './reputations.ts'
import { Questions } from './questions.ts'
import { type Sample, SampleStore } from './sample_store.ts'

/** When a node gets its next canary. */
interface Clock {
  /** The canary is due at this time or after this many batches, whichever comes first. */
  atMs: number
  batches: number
  /** Canaries since the node joined, or since its proof fell. */
  sent: number
  /** Wrong answers in a row. */
  failed: number
  proof: Proof
  /** Whether a canary is under way: one at a time. */
  isUnderWay: boolean
}

export class Canaries {
  private readonly samples: SampleStore
  private readonly questions: Questions
  private readonly clocks = new WeakMap<Presence, Clock>()
  private readonly samplesOf = new WeakMap<Check, Sample[]>()
  /** Variants for which a node has seen all samples there are. */
  private readonly wanted = new WeakSet<VariantShape>()
  /** Variants with a question under way, and the variant that needs its answer: one question each. */
  private readonly questioned = new Map<VariantShape, VariantShape>()
  /** Variants that get no question until then. */
  private readonly restUntilMs = new WeakMap<VariantShape, number>()
  private tickMs = -Infinity

  constructor(
    private readonly parts: TrustParts,
    private readonly reputations: Reputations,
    private readonly judges: Judges,
    private readonly checks: Checks,
  ) {
    const { weigh, question } = parts.options
    this.samples = new SampleStore(weigh)
    this.questions = new Questions(question, parts.gather)
  }

  /** Sends the questions and canaries that are due. */
  tick(nowMs: number): void {
    if (nowMs < this.tickMs) return
    this.tickMs = nowMs + params.tickMs
    this.question(nowMs)
    const { reputations } = this
    for (const [id, presence] of reputations.present) {
      if (reputations.get(id)?.own !== false) continue
      const clock = this.clockOf(id, presence, nowMs)
      if (presence.paused || clock.isUnderWay) continue
      if (clock.atMs <= nowMs || presence.batches >= clock.batches) {
        this.send(id, presence, clock, nowMs)
      }
    }
  }

  nextMs(): number {
    return this.tickMs
  }

  /** Takes the right answer to a question; undefined if there is none. */
  answered(check: Check, report: ItemReport | undefined, nowMs: number): void {
    const { variant, items, assigned } = check
    const { payload } = items[0]!
    if (report === undefined) return this.putBack(variant, payload, nowMs)
    this.questioned.delete(variant)
    if (!report.outcome.ok) return
    this.questions.learn(variant, payload, report.outcome)
    this.questions.count(variant, 0)
    this.wanted.delete(variant)
    this.samples.add(variant, payload, report, assigned)
  }

  /** A canary is over; `wrong` if there was no right answer. */
  ended(check: Check, wrong: boolean, nowMs: number): void {
    const { target } = check
    if (target === null) return
    const { reputations } = this
    const standing = reputations.standingOf(target)
    // If a trusted node disagrees, the sample itself may be wrong.
    if (wrong && standing === 'trusted') {
      for (const sample of this.samplesOf.get(check) ?? []) this.samples.drop(sample)
    }
    const presence = reputations.present.get(target)
    if (presence === undefined) return
    const clock = this.clockOf(target, presence, nowMs)
    clock.isUnderWay = false
    clock.failed = wrong ? clock.failed + 1 : 0
    this.wind(target, presence, clock, nowMs)
  }

  close(shape: PipelineShape): void {
    this.samples.close(shape)
  }

  private clockOf(id: NodeId, presence: Presence, nowMs: number): Clock {
    const { reputations } = this
    const proof = reputations.proofOf(id)
    let clock = this.clocks.get(presence)
    if (clock === undefined) {
      clock = { atMs: 0, batches: 0, sent: 0, failed: 0, proof, isUnderWay: false }
      this.clocks.set(presence, clock)
      this.wind(id, presence, clock, nowMs)
    }
    // A node whose proof fell gets canaries like a new one.
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
    // Between half and twice the mean, so that the time cannot be predicted.
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
    clock.isUnderWay = false
    clock.atMs = nowMs + params.nothingMs
    presence.batches = Math.min(presence.batches, clock.batches - 1)
  }

  /** Sends a node samples that it has not seen, of any variant it holds. */
  private canary(id: NodeId, presence: Presence, clock: Clock, nowMs: number): boolean {
    const { shapes, nodes, options: { random } } = this.parts
    const node = nodes.get(id)
    const held = shapes.variants.filter((one) => node !== undefined && holds(node, one))
    const fit = held.filter((variant) => this.samples.unseenBy(id, variant, 1).length > 0)
    const variant = fit[Math.floor(random() * fit.length)]
    if (variant === undefined) {
      this.want(held, nowMs)
      return false
    }
    const most = variant.task.depth === 0 ? 1 : 1 + Math.floor(params.items * random())
    const samples = this.samples.unseenBy(id, variant, most, presence.backend)
    const items = samples.map(({ payload }) => hidden(payload))
    const reports = samples.map(({ report }) => report)
    const votes: Vote[] = [{ node: null, voter: '', standing: 'known', reports }]
    // Set first: a check may be over at once.
    clock.isUnderWay = true
    // Slots that get no queries need not wait for any.
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

  /** Requests one more sample, of one of these variants. */
  private want(variants: readonly VariantShape[], nowMs: number): void {
    const some = variants.filter((variant) =>
      !this.questions.isVain(variant) && this.judges.canTell(variant, nowMs)
    )
    if (some.some((variant) => this.wanted.has(variant))) return
    const one = some[Math.floor(this.parts.options.random() * some.length)]
    if (one !== undefined) this.wanted.add(one)
  }

  /**
   * Asks questions for variants with few samples, of the auditor, an own node, or several other nodes. While
   * queries wait, it asks one question at a time, and only for a variant that a node waits for.
   */
  private question(nowMs: number): void {
    const { shapes } = this.parts
    const isBusy = this.parts.isBusy(nowMs)
    for (const sake of shapes.variants) {
      if (isBusy && this.questioned.size > 0) return
      const isFew = !isBusy && this.samples.count(sake) < params.samples / 2
      const isShort = isFew || this.wanted.has(sake)
      if (!isShort || this.questions.isVain(sake)) continue
      const variant = this.variantFor(sake, nowMs)
      const payload = variant && this.questions.next(variant.task)
      if (variant === undefined || payload === undefined) continue
      this.questioned.set(variant, sake)
      this.questions.count(sake, 1)
      const items = [hidden(payload)]
      const check = this.checks.begin({ kind: 'question', variant, items, votes: [] }, nowMs)
      if (check === undefined) this.putBack(variant, payload, nowMs)
    }
  }

  /** A variant to ask about for this one: itself, or one of an earlier task that hands on its inputs. */
  private variantFor(sake: VariantShape, nowMs: number): VariantShape | undefined {
    const isFree = (one: VariantShape) =>
      !this.questioned.has(one) && (this.restUntilMs.get(one) ?? 0) <= nowMs
    const canProve = (one: VariantShape) => this.judges.canProve(one, nowMs)
    let variant = canProve(sake) ? sake : undefined
    while (variant !== undefined && isFree(variant)) {
      if (this.questions.has(variant.task)) return variant
      variant = variant.task.parent?.variants.find(canProve)
    }
    return undefined
  }

  /** A question without an answer is assigned again later. */
  private putBack(variant: VariantShape, payload: Handle, nowMs: number): void {
    this.questions.again(variant.task, payload)
    this.questions.count(this.questioned.get(variant) ?? variant, -1)
    this.questioned.delete(variant)
    this.restUntilMs.set(variant, nowMs + params.proofMs)
  }
}
