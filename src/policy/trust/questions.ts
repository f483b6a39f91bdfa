/**
 * What to ask about where no answers are known: samples, and what known answers handed on.
 *
 * @module
 */
import type { Handle } from '../types.ts'
import type { Shapes, TaskShape, VariantShape } from '../shape.ts'
import type { TrustOptions } from '../options.ts'

export interface Questions {
  /** Child items of an answer that is right. */
  learn(variant: VariantShape, children: { readonly [task: string]: readonly Handle[] }): void
  has(variant: VariantShape): boolean
  /** An input that this variant was not asked about yet; it is from now on. */
  next(variant: VariantShape): Handle | undefined
}

const MAX_EACH = 6

export function createQuestions(shapes: Shapes, samples: TrustOptions['samples']): Questions {
  const inputs = new Map<TaskShape, Handle[]>()
  const asked = new Map<VariantShape, number>()
  for (const [name, given] of Object.entries(samples ?? {})) {
    const root = shapes.pipelines.get(name)?.root
    if (root !== undefined) inputs.set(root, given.slice(0, MAX_EACH))
  }
  return {
    learn({ task }, children) {
      for (const child of task.next) {
        const list = inputs.get(child) ?? []
        inputs.set(child, list)
        for (const payload of children[child.name] ?? []) {
          if (list.length < MAX_EACH) list.push(payload)
        }
      }
    },
    has: (variant) => (inputs.get(variant.task)?.length ?? 0) > (asked.get(variant) ?? 0),
    next(variant) {
      const at = asked.get(variant) ?? 0
      const payload = inputs.get(variant.task)?.[at]
      if (payload !== undefined) asked.set(variant, at + 1)
      return payload
    },
  }
}
