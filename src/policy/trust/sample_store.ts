/**
 * Samples for canaries: inputs of the coordinator's own with known answers, by variant.
 *
 * @module
 */
import type { PipelineShape, VariantShape } from '../core/graph.ts'
import type { ItemReport } from '../core/options.ts'
import type { Handle, NodeId } from '../core/types.ts'
import { trust as params } from './params.ts'

export interface Sample {
  payload: Handle
  /** Its answer, from a trusted node or a quorum. */
  report: ItemReport
  /** Nodes that got it, which might remember it. */
  seenBy: Set<NodeId>
  bytes: number
}

export class SampleStore {
  private readonly byVariant = new Map<VariantShape, Sample[]>()
  private bytes = 0

  constructor(private readonly weigh: (payload: Handle) => number = () => 0) {}

  count(variant: VariantShape): number {
    return this.byVariant.get(variant)?.length ?? 0
  }

  add(variant: VariantShape, payload: Handle, report: ItemReport, seenBy: Iterable<NodeId>): void {
    const bytes = [payload, ...childrenOf(report)].reduce<number>(
      (sum, one) => sum + this.weigh(one),
      0,
    )
    if (bytes > params.sampleBytes / params.samples) return
    const list = this.byVariant.get(variant) ?? []
    if (list.some((sample) => sample.payload === payload)) return
    this.byVariant.set(variant, list)
    list.push({ payload, report, seenBy: new Set(seenBy), bytes })
    this.bytes += bytes
    if (list.length > params.samples) this.remove(list, 0)
    while (this.bytes > params.sampleBytes) this.remove(this.heaviest(), 0)
  }

  /** At most `most` samples that this node has not got; they stay in the store. */
  unseenBy(node: NodeId, variant: VariantShape, most: number, backend?: string): Sample[] {
    const list = this.byVariant.get(variant) ?? []
    const unseen = list.filter(({ seenBy }) => !seenBy.has(node))
    // Answers of the node's own backend can be compared most strictly.
    const alike = unseen.filter(({ report }) => report.backend === backend)
    return (alike.length > 0 ? alike : unseen).slice(-most)
  }

  drop(sample: Sample): void {
    for (const list of this.byVariant.values()) {
      const at = list.indexOf(sample)
      if (at >= 0) this.remove(list, at)
    }
  }

  close({ tasks }: PipelineShape): void {
    for (const variant of tasks.flatMap((task) => task.variants)) {
      this.bytes -= weightOf(this.byVariant.get(variant) ?? [])
      this.byVariant.delete(variant)
    }
  }

  private remove(list: Sample[], at: number): void {
    this.bytes -= list.splice(at, 1)[0]?.bytes ?? 0
  }

  private heaviest(): Sample[] {
    return [...this.byVariant.values()].reduce((a, b) => weightOf(b) > weightOf(a) ? b : a)
  }
}

const childrenOf = ({ outcome }: ItemReport): Handle[] =>
  outcome.ok ? Object.values(outcome.children).flat() : []

const weightOf = (list: readonly Sample[]) => list.reduce((sum, { bytes }) => sum + bytes, 0)
