/**
 * Common-mode slowdown: a change of speed of all variants of a node at once (another program takes its
 * processors), or of all nodes (those of one machine). Per variant it would be found batch by batch: a
 * variant that has not run since still counts as quick, so work is planned on it and far too many queries
 * are admitted. But several batches in a row that surprise in the same way are no chance.
 *
 * It is found by cumulative sums (Page, Biometrika 1954), one for slower and one for quicker: of the log
 * likelihood ratio of "all batches take twice the expected time" to "no change".
 *
 * @module
 */
import type { LatencyModel, Learned } from './latency_model.ts'
import { common as C, latency } from './params.ts'

/** Evidence that proves a change: see `params.ts`. */
type Proof = typeof C.node

/** Evidence from the batches since the sum was last 0; each batch has a witness. */
class Sum<Witness> {
  private sum = 0
  private logs = 0
  private count = 0
  private readonly witnesses = new Set<Witness>()
  /** What each model had learned before its first batch of these. */
  private readonly before = new Map<LatencyModel, Learned>()

  /** @param sign 1 for slower, -1 for quicker */
  constructor(private readonly sign: 1 | -1, private readonly proof: Proof) {}

  get mean(): number {
    return this.logs / this.count
  }

  add(witness: Witness, model: LatencyModel, before: Learned): void {
    const { surprise: log = 0, deviation } = model
    const likelier = Math.LN2 * (this.sign * log - Math.LN2 / 2) / deviation ** 2
    this.sum = Math.min(this.sum + Math.min(likelier, this.proof.mostEach), C.enough)
    if (this.sum <= 0) return this.clear()
    this.witnesses.add(witness)
    if (!this.before.has(model)) this.before.set(model, before)
    this.logs += log
    this.count++
  }

  get isFull(): boolean {
    return this.sum >= C.enough
  }

  /** Whether enough batches and witnesses agree, given the number of witnesses of the latest batches. */
  isOf(latest: number): boolean {
    // A change of the only active witness says nothing about others.
    return latest >= 2 && this.witnesses.size >= Math.min(this.proof.witnesses, latest) &&
      this.count >= C.share * latest
  }

  /** Reverts what the models learned: the change is common, not of each model. */
  unlearn(): void {
    for (const [model, before] of this.before) model.unlearn(before)
  }

  clear(): void {
    this.sum = this.logs = this.count = 0
    // Clearing allocates even if the table is empty, as it nearly always is.
    if (this.witnesses.size === 0) return
    this.witnesses.clear()
    this.before.clear()
  }
}

/** Witnesses of a change of a node are its variants, of a change of the pool its nodes. */
export class CommonMode<Witness> {
  /** Factor on the duration of all batches relative to their models; 1 except during a slowdown. */
  pace = 1
  /** Ring of the witnesses of the latest batches. */
  private readonly latest: Witness[] = []
  private next = 0
  private readonly sums: Sum<Witness>[]
  /** When `relax` first saw the current pace. */
  private sinceMs: number | undefined

  /** @param models all models that share the pace */
  constructor(private readonly models: () => Iterable<LatencyModel | undefined>, proof: Proof) {
    this.sums = [new Sum(1, proof), new Sum(-1, proof)]
  }

  /** A batch ended; `before` is what its model had learned until then. */
  saw(witness: Witness, model: LatencyModel, before: Learned): void {
    this.latest[this.next] = witness
    this.next = (this.next + 1) % C.latest
    if (model.surprise === undefined) return
    for (const sum of this.sums) sum.add(witness, model, before)
    const proven = this.sums.find((sum) => sum.isFull && sum.isOf(new Set(this.latest).size))
    if (proven !== undefined) this.change(proven)
  }

  /** Called regularly: a slowdown that lasts becomes part of the models. */
  relax(nowMs: number): void {
    if (this.pace === 1) return
    this.sinceMs ??= nowMs
    if (nowMs - this.sinceMs < latency.fadeMs) return
    for (const model of this.models()) model?.settlePace(this.pace)
    this.pace = 1
  }

  private change(proven: Sum<Witness>): void {
    const least = C.deviations * C.leastDeviation
    const log = proven.mean
    if (Math.abs(log) < least) return
    proven.unlearn()
    for (const sum of this.sums) sum.clear()
    if (this.pace === 1) this.sinceMs = undefined
    const pace = this.pace * Math.exp(log)
    const before = this.pace
    // A pace too close to 1 to surprise counts as 1.
    this.pace = Math.abs(Math.log(pace)) < least ? 1 : pace
    for (const model of this.models()) model?.changePace(this.pace / before)
  }
}
