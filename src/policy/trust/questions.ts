/**
 * Questions: inputs of our own, to ask about what is not known yet. Pictures and texts are made for it;
 * a task further down is asked what the tasks before it made of those. A client's input, or what came of
 * one, is never among them.
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
  /** Of tasks that are handed their inputs; each is asked about once, as what comes again is no client's. */
  private readonly kept = new WeakMap<TaskShape, Handle[]>()
  /** Of tasks that gather: what was said of items before them, until it is enough for an input. */
  private readonly pieces = new WeakMap<TaskShape, Piece[]>()
  /** Questions for the sake of a variant since the last that led to a known answer. */
  private readonly vain = new WeakMap<VariantShape, number>()

  constructor(
    private readonly made: TrustOptions['question'],
    private readonly gather: Gather,
  ) {}

  /** What a question led to. */
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

  /** Whether so many led to nothing that more would not. */
  isVain(variant: VariantShape): boolean {
    return (this.vain.get(variant) ?? 0) >= params.vain
  }

  /** @param by how many more were asked for its sake in vain; 0 where one led to a known answer */
  count(variant: VariantShape, by: 1 | 0 | -1): void {
    const sum = Math.max(0, (this.vain.get(variant) ?? 0) + by)
    this.vain.set(variant, by === 0 ? 0 : sum)
  }

  has(task: TaskShape): boolean {
    return isMade(task) ? this.made !== undefined : this.keptOf(task).length > 0
  }

  /** An input that nobody was asked about yet. */
  next(task: TaskShape): Handle | undefined {
    return isMade(task) ? this.made?.(publicName(task.pipeline.name)) : this.keptOf(task).shift()
  }

  /** Nothing came of this one. */
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

/** Pictures and texts are made; of what a program reads as tensors nobody here knows what it means. */
const isMade = ({ depth, pipeline }: TaskShape): boolean =>
  depth === 0 && queryTensors(pipeline.pipeline) === undefined
