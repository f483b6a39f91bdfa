/**
 * Common-mode slowdown: what befalls all variants of a node at once, as another program that takes its
 * processors, or all nodes, as those of one machine. Each would find out for itself, batch by batch: a
 * variant that has not run since is thought to be quick, so that it is the one that is counted on, and
 * far too many queries are let in. But that several in a row surprise in the same way is no chance.
 *
 * Found by cumulative sums (Page, Biometrika 1954), one for slower and one for quicker: of how much
 * likelier it is that all take twice what is expected than that all is as before, as a logarithm.
 *
 * @module
 */
import type { LatencyModel, Learned } from './latency_model.ts'
import { common as C, latency } from './params.ts'

/** What proves a change: see `params.ts`. */
type Proof = typeof C.node

/** Batches since all of them together were as expected; each has a witness. */
class Sum<Witness> {
  private sum = 0
  private logs = 0
  private count = 0
  private readonly witnesses = new Set<Witness>()
  /** What these had learned before the first of them. */
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

  /** Whether enough batches and witnesses show it, where the latest batches had so many witnesses. */
  isOf(latest: number): boolean {
    // What befalls the only one that does anything says nothing of the others.
    return latest >= 2 && this.witnesses.size >= Math.min(this.proof.witnesses, latest) &&
      this.count >= C.share * latest
  }

  /** What it shows is no news of each of these alone. */
  unlearn(): void {
    for (const [model, before] of this.before) model.unlearn(before)
  }

  clear(): void {
    this.sum = this.logs = this.count = 0
    // Clearing makes a new table even of one that is empty, as it nearly always is.
    if (this.witnesses.size === 0) return
    this.witnesses.clear()
    this.before.clear()
  }
}

/** Witnesses of what befalls a node are its variants, and of what befalls the pool its nodes. */
export class CommonMode<Witness> {
  /** All batches take so many times what is thought of each; 1 but for moments. */
  pace = 1
  /** A ring: witnesses of the latest batches. */
  private readonly latest: Witness[] = []
  private next = 0
  private readonly sums: Sum<Witness>[]
  /** When it was first looked at since it is another. */
  private sinceMs: number | undefined

  /** @param models all that have this in common */
  constructor(private readonly models: () => Iterable<LatencyModel | undefined>, proof: Proof) {
    this.sums = [new Sum(1, proof), new Sum(-1, proof)]
  }

  /** A batch ended; before that its model had learned so much. */
  saw(witness: Witness, model: LatencyModel, before: Learned): void {
    this.latest[this.next] = witness
    this.next = (this.next + 1) % C.latest
    if (model.surprise === undefined) return
    for (const sum of this.sums) sum.add(witness, model, before)
    const proven = this.sums.find((sum) => sum.isFull && sum.isOf(new Set(this.latest).size))
    if (proven !== undefined) this.change(proven)
  }

  /** Called again and again: a slowdown that lasts is what is usual from then on. */
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
    // One that would surprise nobody is none.
    this.pace = Math.abs(Math.log(pace)) < least ? 1 : pace
    for (const model of this.models()) model?.changePace(this.pace / before)
  }
}
