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
  /** The shape that pictures are fed in. */
  input: readonly number[]
  /** Shapes of outputs, in their order; further ones are not looked at. */
  outputs: readonly (readonly number[])[]
}

/** @param needs may throw a TypeError for a variant that the kind cannot use */
export function checkPictureModels(
  { task, graphs, fail }: CheckContext,
  needs: (variant: Variant) => PictureModel,
): void {
  for (const [name, { inputs, outputs }] of Object.entries(graphs)) {
    const variant = task.variants[name]!
    const path = `variants.${name}.model`
    const refuse = (tensor: TensorFacts, what: string, shape: readonly number[]) =>
      fail(
        path,
        `${variant.model}: ${what} ${tensor.name} must be ${specText('float32', shape)}: found ` +
          textOfTensor(tensor),
      )
    const wanted = needsOf(variant, needs, (fault) => fail(`variants.${name}`, fault))
    const [input, second] = inputs
    if (input === undefined || second !== undefined) {
      const names = inputs.map((one) => one.name).join(', ')
      return fail(
        path,
        `${variant.model}: must have one input, a picture: found ${names || 'none'}`,
      )
    }
    if (!suits(input, wanted.input)) refuse(input, 'input', wanted.input)
    if (outputs.length < wanted.outputs.length) {
      fail(
        path,
        `${variant.model}: must have ${wanted.outputs.length} outputs: found ${outputs.length}`,
      )
    }
    wanted.outputs.forEach((shape, i) => {
      if (!suits(outputs[i]!, shape)) refuse(outputs[i]!, 'output', shape)
    })
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

/** Sizes that the file leaves open suit anything. */
const suits = ({ type, dims }: TensorFacts, shape: readonly number[]) =>
  type === 'float32' &&
  (dims === undefined || fits(shape, dims.map((dim) => typeof dim === 'number' ? dim : -1)))
