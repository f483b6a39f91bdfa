/**
 * Checks the inputs of a `tensors` task against those of its models.
 *
 * @module
 */
import { firstFault } from '../../pipeline/error.ts'
import { type GraphFacts, textOfTensor } from '../../pipeline/onnx/graph.ts'
import { type Takes, tensorName } from '../../pipeline/takes.ts'
import { fits, isTensorType, specText, type TensorSpec } from '../../pipeline/tensor.ts'
import type { CheckContext } from '../types.ts'
import { type Description, isConstant } from './description.ts'
import { holds } from './shapes.ts'
import { specOf, specOfSource } from './specs.ts'

/** Names that can stand in a pipeline file, inputs that can be fed. */
export function checkUsable(
  variant: string,
  { inputs, outputs }: GraphFacts,
  given: CheckContext,
): void {
  const fail = (fault: string) =>
    given.fail(`variants.${variant}.model`, `${given.task.variants[variant]?.model}: ${fault}`)
  for (const { name } of [...inputs, ...outputs]) {
    const named = tensorName.safeParse(name)
    if (named.success) continue
    fail(`tensor name ${JSON.stringify(name)} ${firstFault(named.error).fault}`)
  }
  for (const input of inputs) {
    if (isTensorType(input.type)) continue
    fail(`input ${input.name} expects ${textOfTensor(input)}: such inputs cannot be fed`)
  }
}

/** The model's inputs that nothing else feeds, by the names that the feed looks for. */
export function takesOf(
  { feed }: Description,
  { inputs }: GraphFacts,
  fail: CheckContext['fail'],
): Takes {
  const takes: Takes = {}
  for (const input of inputs) {
    const source = feed[input.name]
    if (source !== undefined && (isConstant(source) || source.do.length > 0)) continue
    const name = source?.from ?? input.name
    if (input.dims === undefined) {
      fail(
        `takes.${name}`,
        'is missing: the model does not say its shape: say {"shape": [..]} of it',
      )
    }
    takes[name] = specOf(input) as Takes[string]
  }
  return takes
}

export function checkTypical(takes: Takes, { fail }: CheckContext): void {
  for (const [name, { type, shape, typical }] of Object.entries(takes)) {
    const at = `takes.${name}.typical`
    if (typical === undefined) {
      // A first size that varies is a number of items: one.
      if (shape.slice(1).includes(-1)) {
        fail(
          at,
          `is missing: sizes vary, ${specText(type, shape)}: name usual ones, to warm up with`,
        )
      }
    } else if (!fits(shape, typical)) {
      fail(at, `must fit ${specText(type, shape)}: received [${typical}]`)
    }
  }
}

export function checkFeed(
  { feed }: Description,
  takes: Takes,
  { inputs }: GraphFacts,
  { given: { fail }, at, model }: { given: CheckContext; at: string; model: string },
): void {
  const names = inputs.map(({ name }) => name).join(', ')
  for (const input of Object.keys(feed)) {
    if (!inputs.some(({ name }) => name === input)) {
      fail('feed', `${model} has no input ${input}: it has ${names}`)
    }
  }
  const taken = Object.keys(takes)
  for (const input of inputs) {
    const expected = `${model}: input ${input.name} expects ${textOfTensor(input)}`
    const source = feed[input.name]
    let found: TensorSpec
    let by: string
    if (source !== undefined && isConstant(source)) {
      found = source
      by = `feed.${input.name}`
      if (!holds(source.type, source.value)) {
        fail(`${by}.value`, `must be a whole number for ${source.type}: received ${source.value}`)
      }
    } else {
      const alone = inputs.length === 1 && taken.length === 1 ? taken[0]! : input.name
      const { from, do: steps } = source ?? { from: alone, do: [] }
      if (takes[from] === undefined) {
        fail(`${at}.model`, `${expected} and nothing feeds it: the task takes ${taken.join(', ')}`)
      }
      found = specOfSource({ from, do: steps }, takes, `feed.${input.name}`, fail)
      by = `takes.${from}`
    }
    const agrees = found.type === input.type &&
      (input.dims === undefined || fits(specOf(input).shape, found.shape))
    if (!agrees) {
      const gives = steps(source) ? `feed.${input.name} makes` : `${by} gives`
      fail(`${at}.model`, `${expected}, ${gives} ${specText(found.type, found.shape)}`)
    }
  }
}

const steps = (source: Description['feed'][string] | undefined) =>
  source !== undefined && !isConstant(source) && source.do.length > 0
