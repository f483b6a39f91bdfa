/**
 * Samples for canaries: inputs whose answers are known, by variant. And questions: inputs to ask about
 * where there are too few samples.
 *
 * @module
 */
import { queryTensors } from '../../pipeline/takes.ts'
import { publicName } from '../../pipeline/version.ts'
import type { PipelineShape, TaskShape, VariantShape } from '../core/graph.ts'
import type { Said, TrustOptions } from '../core/options.ts'
import type { Handle, NodeId } from '../core/types.ts'
import { trust as params } from './params.ts'

export interface Sample {
  payload: Handle
  /** Its answer, from a trusted node or from a quorum. */
  said: Said
  /** Nodes that were asked about it: they might remember. */
  seenBy: Set<NodeId>
  bytes: number
}

export class SampleStore {
  private readonly byVariant = new Map<VariantShape, Sample[]>()
  private bytes = 0

  constructor(
    private readonly random: () => number,
    private readonly weigh: (payload: Handle) => number = () => 0,
  ) {}

  count(variant: VariantShape): number {
    return this.byVariant.get(variant)?.length ?? 0
  }

  /** Whether one more would be kept, as things are. */
  wants(variant: VariantShape): boolean {
    return this.count(variant) < params.samples || this.random() < params.renew
  }

  add(variant: VariantShape, payload: Handle, said: Said, seenBy: Iterable<NodeId>): void {
    const bytes = [payload, ...childrenOf(said)].reduce<number>(
      (sum, one) => sum + this.weigh(one),
      0,
    )
    if (bytes > params.sampleBytes / params.samples) return
    const list = this.byVariant.get(variant) ?? []
    if (list.some((sample) => sample.payload === payload)) return
    this.byVariant.set(variant, list)
    list.push({ payload, said, seenBy: new Set(seenBy), bytes })
    this.bytes += bytes
    if (list.length > params.samples) this.remove(list, 0)
    while (this.bytes > params.sampleBytes) this.remove(this.heaviest(), 0)
  }

  /** Samples that this node has not been asked about, at most so many; they stay in the store. */
  unseenBy(node: NodeId, variant: VariantShape, most: number, backend?: string): Sample[] {
    const list = this.byVariant.get(variant) ?? []
    const unseen = list.filter(({ seenBy }) => !seenBy.has(node))
    // What was said on the node's own backend can be compared the most strictly.
    const alike = unseen.filter(({ said }) => said.backend === backend)
    return (alike.length > 0 ? alike : unseen).slice(-most)
  }

  drop(sample: Sample): void {
    for (const list of this.byVariant.values()) {
      const at = list.indexOf(sample)
      if (at >= 0) this.remove(list, at)
    }
  }

  /** A pipeline is served no more. */
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

const childrenOf = ({ outcome }: Said): Handle[] =>
  outcome.ok ? Object.values(outcome.children).flat() : []

const weightOf = (list: readonly Sample[]) => list.reduce((sum, { bytes }) => sum + bytes, 0)

/**
 * Pictures made for it, and child items of samples. Each is asked about once: an input that comes again
 * and again is no client's.
 */
export class Questions {
  /** Child items to ask about. */
  private readonly kept = new WeakMap<TaskShape, Handle[]>()
  private readonly asked = new WeakMap<VariantShape, number>()

  constructor(private readonly picture: TrustOptions['question']) {}

  /** Child items of an answer that is right. */
  learn({ task }: VariantShape, children: { readonly [task: string]: readonly Handle[] }): void {
    for (const child of task.next) {
      const room = Math.max(0, params.samples - this.keptOf(child).length)
      this.keptOf(child).push(...(children[child.name] ?? []).slice(0, room))
    }
  }

  has(variant: VariantShape): boolean {
    // Where so many questions lead to no sample, more would not.
    if ((this.asked.get(variant) ?? 0) >= params.samples) return false
    return this.takesPictures(variant.task)
      ? this.picture !== undefined
      : this.keptOf(variant.task).length > 0
  }

  /** An input that nobody was asked about yet. */
  next(variant: VariantShape): Handle | undefined {
    const { task } = variant
    const payload = this.takesPictures(task)
      ? this.picture?.(publicName(task.pipeline.name))
      : this.keptOf(task).shift()
    if (payload !== undefined) this.asked.set(variant, (this.asked.get(variant) ?? 0) + 1)
    return payload
  }

  /** Nothing came of this one: there is one more to ask. */
  again(variant: VariantShape, payload: Handle): void {
    const { task } = variant
    this.asked.set(variant, Math.max(0, (this.asked.get(variant) ?? 0) - 1))
    if (!this.takesPictures(task)) this.keptOf(task).push(payload)
  }

  private takesPictures({ depth, pipeline }: TaskShape): boolean {
    return depth === 0 && queryTensors(pipeline.pipeline) === undefined
  }

  private keptOf(task: TaskShape): Handle[] {
    const list = this.kept.get(task) ?? []
    this.kept.set(task, list)
    return list
  }
}
