/**
 * A model that reads pictures, held against what its kind of task feeds it and expects of it.
 *
 * @module
 */
import { type TensorFacts, textOfTensor } from '../pipeline/onnx/graph.ts'
import type { Variant } from '../pipeline/schema.ts'
import { fits, specText } from '../pipeline/tensor.ts'
import type { CheckContext } from './types.ts'

/** What a kind needs of a variant's model; -1 is any size. */
export interface PictureModel {
  /** The shape that pictures are fed in, and the type. */
  input: readonly number[]
  /** Axes of it whose size may not be fixed. */
  vary?: readonly number[]
  type?: 'float32' | 'uint8'
  /** For each output, in their order, the shapes that will do; further ones are not looked at. */
  outputs: readonly (readonly (readonly number[])[])[]
  /** Of an output that will not do: where its sizes come from. */
  note?: string
}

/** @param needs may throw a TypeError for a variant that the kind cannot use */
export function checkPictureModels(
  { task, graphs, fail }: CheckContext,
  needs: (variant: Variant) => PictureModel,
): void {
  for (const [name, { inputs, outputs }] of Object.entries(graphs)) {
    const variant = task.variants[name]!
    const path = `variants.${name}.model`
    const hold = (
      tensor: TensorFacts,
      what: string,
      type: string,
      shapes: readonly (readonly number[])[],
      note?: string,
    ) => {
      if (shapes.some((shape) => suits(tensor, type, shape))) return
      const wanted = shapes.map((shape) => specText(type, shape)).join(' or ')
      const found = textOfTensor(tensor)
      const more = note === undefined ? '' : `; ${note}`
      fail(
        path,
        `${variant.model}: ${what} ${tensor.name} must be ${wanted}: found ${found}${more}`,
      )
    }
    const wanted = needsOf(variant, needs, (fault) => fail(`variants.${name}`, fault))
    const [input, second] = inputs
    if (input === undefined || second !== undefined) {
      const names = inputs.map((one) => one.name).join(', ')
      return fail(
        path,
        `${variant.model}: must have one input, a picture: found ${names || 'none'}`,
      )
    }
    hold(input, 'input', wanted.type ?? 'float32', [wanted.input])
    const { vary = [] } = wanted
    if (vary.some((axis) => isFixed(input.dims?.[axis]))) {
      const found = textOfTensor(input)
      fail(
        path,
        `${variant.model}: input ${input.name} must have sizes that vary, since pictures are ` +
          `drawn upright and across: found ${found}`,
      )
    }
    if (outputs.length < wanted.outputs.length) {
      fail(
        path,
        `${variant.model}: must have ${wanted.outputs.length} outputs: found ${outputs.length}`,
      )
    }
    wanted.outputs.forEach((shapes, i) =>
      hold(outputs[i]!, 'output', 'float32', shapes, wanted.note)
    )
  }
}

function needsOf(
  variant: Variant,
  needs: (variant: Variant) => PictureModel,
  fail: (fault: string) => never,
): PictureModel {
  try {
    return needs(variant)
  } catch (error) {
    if (error instanceof TypeError) return fail(error.message)
    throw error
  }
}

const isFixed = (size: number | string | undefined) => typeof size === 'number' && size !== -1

/** Sizes that the file leaves open suit anything. */
const suits = ({ type, dims }: TensorFacts, wanted: string, shape: readonly number[]) =>
  type === wanted &&
  (dims === undefined || fits(shape, dims.map((dim) => typeof dim === 'number' ? dim : -1)))
