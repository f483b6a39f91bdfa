/**
 * What to ask about where no answers are known: pictures made for it, and what known answers handed
 * on. Each once: what comes again and again is no client's.
 *
 * @module
 */
import { queryTensors } from '../../pipeline/takes.ts'
import { publicName } from '../../pipeline/version.ts'
import type { Handle } from '../core/types.ts'
import type { PipelineShape, TaskShape, VariantShape } from '../core/graph.ts'
import type { TrustOptions } from '../core/options.ts'

export interface Questions {
  /** Child items of an answer that is right. */
  learn(variant: VariantShape, children: { readonly [task: string]: readonly Handle[] }): void
  has(variant: VariantShape): boolean
  /** An input that nobody was asked about yet. */
  next(variant: VariantShape): Handle | undefined
  /** Nothing came of this one: there is one more to ask. */
  again(variant: VariantShape, payload: Handle): void
  /** A pipeline is served no more. */
  close(shape: PipelineShape): void
}

/** Of a variant: where these lead to no known answer, more would not. */
const MOST_ASKED = 6
/** Of a task, handed on by others. */
const MOST_KEPT = 32

export function createQuestions(question: TrustOptions['question']): Questions {
  const kept = new WeakMap<TaskShape, Handle[]>()
  const asked = new WeakMap<VariantShape, number>()
  const closed = new WeakSet<PipelineShape>()

  function keptOf(task: TaskShape): Handle[] {
    const list = kept.get(task) ?? []
    kept.set(task, list)
    return list
  }

  /** The version before may have taken pictures, and tensors are asked for now. */
  const takesPictures = ({ depth, pipeline }: TaskShape) =>
    depth === 0 && !closed.has(pipeline) && queryTensors(pipeline.pipeline) === undefined

  return {
    learn({ task }, children) {
      if (closed.has(task.pipeline)) return
      for (const child of task.next) {
        const list = keptOf(child)
        for (const payload of children[child.name] ?? []) {
          if (list.length < MOST_KEPT) list.push(payload)
        }
      }
    },
    has: (variant) =>
      (asked.get(variant) ?? 0) < MOST_ASKED &&
      (takesPictures(variant.task) ? question !== undefined : keptOf(variant.task).length > 0),
    next(variant) {
      const { task } = variant
      const payload = takesPictures(task)
        ? question?.(publicName(task.pipeline.name))
        : keptOf(task).shift()
      if (payload !== undefined) asked.set(variant, (asked.get(variant) ?? 0) + 1)
      return payload
    },
    again(variant, payload) {
      asked.set(variant, Math.max(0, (asked.get(variant) ?? 0) - 1))
      const { task } = variant
      if (!takesPictures(task) && !closed.has(task.pipeline)) keptOf(task).push(payload)
    },
    close(shape) {
      // A check that is still under way may have something to say of it.
      closed.add(shape)
      for (const task of shape.tasks) kept.delete(task)
    },
  }
}
