/**
 * What to ask about where no answers are known: samples, and what known answers handed on.
 *
 * @module
 */
import { queryTensors } from '../../pipeline/takes.ts'
import { publicName } from '../../pipeline/version.ts'
import type { Handle } from '../types.ts'
import type { PipelineShape, TaskShape, VariantShape } from '../shape.ts'
import type { TrustOptions } from '../options.ts'

export interface Questions {
  /** Child items of an answer that is right. */
  learn(variant: VariantShape, children: { readonly [task: string]: readonly Handle[] }): void
  has(variant: VariantShape): boolean
  /** An input that this variant was not asked about yet; it is from now on. */
  next(variant: VariantShape): Handle | undefined
  /** Nothing came of the last one: it is to be asked again. */
  again(variant: VariantShape): void
  /** A pipeline is served no more. */
  close(shape: PipelineShape): void
}

const MAX_EACH = 6

export function createQuestions(samples: TrustOptions['samples']): Questions {
  const inputs = new WeakMap<TaskShape, Handle[]>()
  const asked = new WeakMap<VariantShape, number>()

  /** Samples are of all versions of a pipeline. */
  function inputsOf(task: TaskShape): Handle[] {
    let list = inputs.get(task)
    if (list === undefined) {
      const { name, pipeline } = task.pipeline
      // The version before may have taken pictures, and tensors are asked for now.
      const takesThem = task.depth === 0 && queryTensors(pipeline) === undefined
      const given = takesThem ? samples?.[publicName(name)] : undefined
      inputs.set(task, list = given?.slice(0, MAX_EACH) ?? [])
    }
    return list
  }

  return {
    learn({ task }, children) {
      for (const child of task.next) {
        const list = inputsOf(child)
        for (const payload of children[child.name] ?? []) {
          if (list.length < MAX_EACH) list.push(payload)
        }
      }
    },
    has: (variant) => inputsOf(variant.task).length > (asked.get(variant) ?? 0),
    next(variant) {
      const at = asked.get(variant) ?? 0
      const payload = inputsOf(variant.task)[at]
      if (payload !== undefined) asked.set(variant, at + 1)
      return payload
    },
    again: (variant) => void asked.set(variant, Math.max(0, (asked.get(variant) ?? 0) - 1)),
    close({ tasks }) {
      // A check that is still under way may have something to say of it.
      for (const task of tasks) inputs.set(task, [])
    },
  }
}
