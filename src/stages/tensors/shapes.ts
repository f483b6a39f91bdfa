/**
 * What steps make of shapes, also where sizes are not known yet (-1).
 *
 * @module
 */
import { elementsOf, specText, type TensorSpec } from '../../pipeline/tensor.ts'
import type { Step } from './description.ts'

/** A step that does not fit what it is done to. */
export class StepError extends RangeError {
  override name = 'StepError'
}

const fail = (step: Step, { type, shape }: TensorSpec, why: string): never => {
  throw new StepError(`${JSON.stringify(step)}: ${why}: found ${specText(type, shape)}`)
}

/** Position of an axis; negative ones count from the end. */
export function axisOf(step: Step, axis: number, spec: TensorSpec): number {
  const at = axis < 0 ? axis + spec.shape.length : axis
  if (at >= 0 && at < spec.shape.length) return at
  return fail(step, spec, `there is no axis ${axis}`)
}

const isReal = (type: string) => type === 'float32' || type === 'float64'

/** Whether there can be such an element. */
export const holds = (type: string, value: number): boolean =>
  type.startsWith('float') || Number.isInteger(value)

const replace = (shape: readonly number[], at: number, ...sizes: number[]) => [
  ...shape.slice(0, at),
  ...sizes,
  ...shape.slice(at + 1),
]

/** From and to of a slice, for a known length. */
export function rangeOf(length: number, from: number, to: number | undefined): [number, number] {
  const place = (at: number) => Math.min(Math.max(at < 0 ? at + length : at, 0), length)
  return [place(from), place(to ?? length)]
}

export const windowCount = (length: number, size: number, step: number) =>
  length < size ? 0 : Math.floor((length - size) / step) + 1

/** @throws StepError */
export function specAfter(step: Step, spec: TensorSpec): TensorSpec {
  const { type, shape } = spec
  if ('reshape' in step) return { type, shape: reshaped(step, spec) }
  if ('transpose' in step) {
    const order = step.transpose
    if ([...order].sort().join() !== shape.map((_, i) => i).join()) {
      fail(step, spec, `must name each of ${shape.length} axes once`)
    }
    return { type, shape: order.map((from) => shape[from]!) }
  }
  if ('slice' in step) {
    const at = axisOf(step, step.slice.axis, spec)
    const length = shape[at]!
    if (length === -1) return { type, shape: replace(shape, at, -1) }
    const [from, to] = rangeOf(length, step.slice.from, step.slice.to)
    // Of nothing, as where nothing was found, nothing is left: that is no fault.
    if (to <= from && length > 0) fail(step, spec, 'nothing is left')
    return { type, shape: replace(shape, at, to - from) }
  }
  if ('window' in step) {
    const { size, step: stride } = step.window
    const at = axisOf(step, step.window.axis, spec)
    const length = shape[at]!
    const count = length === -1 ? -1 : windowCount(length, size, stride)
    if (count === 0) fail(step, spec, `needs ${size} along axis ${at}`)
    return { type, shape: [count, ...replace(shape, at, size)] }
  }
  if ('pad' in step) {
    const at = axisOf(step, step.pad.axis, spec)
    if (!holds(type, step.pad.value)) fail(step, spec, 'value must be a whole number')
    const length = shape[at]!
    return { type, shape: replace(shape, at, length === -1 ? -1 : Math.max(length, step.pad.to)) }
  }
  if ('type' in step) {
    if (type === 'float16' || step.type === 'float16') fail(step, spec, 'float16 is not converted')
    return { type: step.type, shape }
  }
  if ('argmax' in step) {
    const at = axisOf(step, step.argmax, spec)
    if (shape[at] === 0) fail(step, spec, 'of nothing none is the largest')
    return { type: 'int64', shape: replace(shape, at) }
  }
  if (!isReal(type)) fail(step, spec, 'needs float32 or float64')
  if ('softmax' in step) axisOf(step, step.softmax, spec)
  return spec
}

function reshaped(step: Extract<Step, { reshape: unknown }>, spec: TensorSpec): number[] {
  const wanted = step.reshape
  const open = wanted.filter((size) => size === -1).length
  if (open > 1) fail(step, spec, 'at most one size may be -1')
  if (spec.shape.includes(-1)) return wanted
  const have = elementsOf(spec.shape)
  const rest = elementsOf(wanted.filter((size) => size !== -1))
  if (open === 0 ? rest !== have : have % rest !== 0) {
    fail(step, spec, `does not fit ${have} elements`)
  }
  return wanted.map((size) => size === -1 ? have / rest : size)
}
