/**
 * Common-mode slowdown: what befalls all nodes at once, as nodes of one machine that another program
 * takes. Each would find out for itself, batch by batch, and a pool whose queries have the time of a
 * few batches would lose most of them meanwhile; and all would be thought slow for as long once it is
 * over. But that several nodes in a row surprise in the same way is no chance.
 *
 * Found by cumulative sums (Page, Biometrika 1954), one for slower and one for quicker: of how much
 * likelier it is that all take twice what is expected than that all is as before, as a logarithm.
 *
 * @module
 */
import type { LatencyModel } from './latency_model.ts'
import type { NodeProfile } from './node_profile.ts'
import { common as C, latency } from './params.ts'

/** Batches since all of them together were as expected. */
class Sum {
  private sum = 0
  private logs = 0
  private count = 0
  private readonly nodes = new Set<NodeProfile>()

  /** @param sign 1 for slower, -1 for quicker */
  constructor(private readonly sign: 1 | -1) {}

  get mean(): number {
    return this.logs / this.count
  }

  add(node: NodeProfile, log: number, deviation: number): void {
    const likelier = Math.LN2 * (this.sign * log - Math.LN2 / 2) / deviation ** 2
    this.sum = Math.min(this.sum + Math.min(likelier, C.mostEach), C.enough)
    if (this.sum <= 0) return this.clear()
    this.nodes.add(node)
    this.logs += log
    this.count++
  }

  get isFull(): boolean {
    return this.sum >= C.enough
  }

  /** Whether enough batches and nodes show it, where so many nodes ended the latest batches. */
  isOf(latest: number): boolean {
    // What befalls the only node that does anything says nothing of the others.
    return latest >= 2 && this.nodes.size >= Math.min(C.nodes, latest) &&
      this.count >= C.share * latest
  }

  clear(): void {
    this.sum = this.logs = this.count = 0
    // Clearing makes a new table even of one that is empty, as it nearly always is.
    if (this.nodes.size > 0) this.nodes.clear()
  }
}

export class CommonMode {
  /** All batches take so many times what is thought of their nodes; 1 but for moments. */
  pace = 1
  /** A ring: who ended the latest batches. */
  private readonly latest: NodeProfile[] = []
  private next = 0
  private readonly sums = [new Sum(1), new Sum(-1)]
  /** When it was first looked at since it is another. */
  private sinceMs: number | undefined

  constructor(private readonly nodes: ReadonlyMap<unknown, NodeProfile>) {}

  /** A batch ended. */
  saw(node: NodeProfile, { surprise, deviation }: LatencyModel): void {
    this.latest[this.next] = node
    this.next = (this.next + 1) % C.latest
    if (surprise === undefined) return
    for (const sum of this.sums) sum.add(node, surprise, deviation)
    const proven = this.sums.find((sum) => sum.isFull && sum.isOf(new Set(this.latest).size))
    if (proven !== undefined) this.change(proven.mean)
  }

  /** Called again and again: a slowdown that lasts is what is usual from then on. */
  relax(nowMs: number): void {
    if (this.pace === 1) return
    this.sinceMs ??= nowMs
    if (nowMs - this.sinceMs < latency.fadeMs) return
    this.pace = 1
    this.each((model) => model.settlePace())
  }

  private change(log: number): void {
    const least = C.deviations * C.leastDeviation
    if (Math.abs(log) < least) return
    for (const sum of this.sums) sum.clear()
    if (this.pace === 1) this.sinceMs = undefined
    const pace = this.pace * Math.exp(log)
    // One that would surprise nobody is none.
    this.pace = Math.abs(Math.log(pace)) < least ? 1 : pace
    this.each((model) => model.setPace(this.pace))
  }

  private each(change: (model: LatencyModel) => void): void {
    for (const { models } of this.nodes.values()) {
      for (const model of models) if (model !== undefined) change(model)
    }
  }
}
