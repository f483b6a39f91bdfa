/**
 * Shapes and types of tensors known before any run: those of a model, and those after each step.
 *
 * @module
 */
import type { TensorFacts } from '../../pipeline/onnx/graph.ts'
import { isTensorType, type TensorSpec } from '../../pipeline/tensor.ts'
import type { CheckContext } from '../types.ts'
import type { Source } from './description.ts'
import { specAfter, StepError } from './shapes.ts'

export interface Known extends TensorSpec {
  /** The model's file does not say the shape, not even how many sizes there are. */
  isOpen?: boolean
}
export type Specs = { [name: string]: Known }

/** The type and shape of a tensor from the model file. */
export const specOf = ({ type, dims = [] }: TensorFacts): TensorSpec => ({
  type: type as TensorSpec['type'],
  shape: dims.map((dim) => typeof dim === 'number' ? dim : -1),
})

export const openFault = (from: string): string =>
  `the model does not say the shape of ${from}: save it with those of its outputs`

export function specOfSource(
  { from, do: steps }: Source,
  known: Specs,
  path: string,
  fail: CheckContext['fail'],
): Known {
  let spec = known[from]
  if (spec === undefined) {
    return fail(path, `there is no tensor ${from}: there are ${Object.keys(known).join(', ')}`)
  }
  if (!isTensorType(spec.type)) {
    const others = Object.keys(known).filter((name) => isTensorType(known[name]!.type)).join(', ')
    const what = spec.type === 'unknown' ? 'no tensor' : spec.type
    fail(path, `${from} is ${what}, and only tensors of numbers can be used: there are ${others}`)
  }
  if (spec.isOpen && steps.length > 0) fail(path, openFault(from))
  try {
    for (const step of steps) spec = specAfter(step, spec)
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    return fail(path, `${from}: ${error.message}`)
  }
  return spec
}
