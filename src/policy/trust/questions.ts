/**
 * Questions: inputs of the coordinator's own, used where no answers are known yet. Images and texts are
 * generated; a later task gets the outputs of the tasks before it. A client's input, or an output for one,
 * is never used.
 *
 * @module
 */
import { queryTensors } from '../../pipeline/takes.ts'
import { publicName } from '../../pipeline/version.ts'
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { Gather, TrustOptions } from '../core/options.ts'
import type { Handle, ItemOutcome } from '../core/types.ts'
import { trust as params } from './params.ts'

interface Piece {
  payload: Handle
  result: Handle
}

export class Questions {
  /** Inputs of tasks that are not first; each is used once, since a repeated input gives itself away. */
  private readonly kept = new WeakMap<TaskShape, Handle[]>()
  /** By gathering task: answers for items before it, until there are enough for one input. */
  private readonly pieces = new WeakMap<TaskShape, Piece[]>()
  /** By variant: questions asked for it since the last that led to a known answer. */
  private readonly vain = new WeakMap<VariantShape, number>()

  constructor(
    private readonly made: TrustOptions['question'],
    private readonly gather: Gather,
  ) {}

  /** Stores what the answer to a question hands on. */
  learn(
    { task }: VariantShape,
    payload: Handle,
    { result, children }: Extract<ItemOutcome, { ok: true }>,
  ): void {
    for (const child of task.next) {
      if (child.gathers) this.addPiece(child, { payload, result })
      else this.keep(child, children[child.name] ?? [])
    }
  }

  /** Whether so many questions led to no answer that more are not worth asking. */
  isVain(variant: VariantShape): boolean {
    return (this.vain.get(variant) ?? 0) >= params.vain
  }

  /** @param by change of the number asked without result; 0 resets it after a known answer */
  count(variant: VariantShape, by: 1 | 0 | -1): void {
    const sum = Math.max(0, (this.vain.get(variant) ?? 0) + by)
    this.vain.set(variant, by === 0 ? 0 : sum)
  }

  has(task: TaskShape): boolean {
    return isMade(task) ? this.made !== undefined : this.keptOf(task).length > 0
  }

  /** An input that no node was asked about yet. */
  next(task: TaskShape): Handle | undefined {
    return isMade(task) ? this.made?.(publicName(task.pipeline.name)) : this.keptOf(task).shift()
  }

  /** Puts back an input that got no answer. */
  again(task: TaskShape, payload: Handle): void {
    if (!isMade(task)) this.keep(task, [payload])
  }

  private keep(task: TaskShape, payloads: readonly Handle[]): void {
    const kept = this.keptOf(task)
    kept.push(...payloads.slice(0, Math.max(0, params.samples - kept.length)))
  }

  private addPiece(task: TaskShape, piece: Piece): void {
    const pieces = [...this.pieces.get(task) ?? [], piece]
    const isEnough = pieces.length >= params.gathered
    if (isEnough) this.keep(task, [this.gather(pieces, pieces[0]!.payload)])
    this.pieces.set(task, isEnough ? [] : pieces)
  }

  private keptOf(task: TaskShape): Handle[] {
    const list = this.kept.get(task) ?? []
    this.kept.set(task, list)
    return list
  }
}

/** Whether inputs are generated: images and texts are; the meaning of raw tensors is unknown here. */
const isMade = ({ depth, pipeline }: TaskShape): boolean =>
  depth === 0 && queryTensors(pipeline.pipeline) === undefined
