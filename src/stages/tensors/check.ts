/**
 * What the file says of a `tensors` task, held against its models before anything is served: names,
 * types, ranks, sizes. Fills in what the file leaves to the models.
 *
 * @module
 */
import { type GraphFacts, type TensorFacts, textOfTensor } from '../../pipeline/onnx/graph.ts'
import type { Takes } from '../../pipeline/takes.ts'
import { fits, isTensorType, specText, type TensorSpec } from '../../pipeline/tensor.ts'
import type { CheckContext } from '../types.ts'
import {
  describe,
  type Description,
  DescriptionError,
  type Give,
  isConstant,
  type Source,
} from './description.ts'
import { holds, specAfter, StepError } from './shapes.ts'

type Specs = { [name: string]: TensorSpec }

export function checkTensors(given: CheckContext): void {
  const { task, graphs, fail } = given
  const plain = read(given, '', () => describe(task))
  const [first] = Object.values(graphs)
  const [firstVariant = ''] = Object.keys(graphs)
  if (first === undefined) return
  // What the first variant wants is what the task takes, unless it says so itself.
  const own = read(given, '', () => describe(task, task.variants[firstVariant]))
  const takes = task['takes'] = plain.takes ?? takesOf(own, first)
  checkTypical(takes, given)
  let specs: Specs = {}
  for (const [variant, graph] of Object.entries(graphs)) {
    const at = `variants.${variant}`
    const model = String(task.variants[variant]?.model)
    const description = read(given, at, () => describe(task, task.variants[variant]))
    checkFeed(description, takes, graph, { given, at, model })
    const outputs: Specs = {}
    for (const output of graph.outputs) outputs[output.name] = specOf(output)
    specs = merged(
      specs,
      outputs,
      (name, a, b) =>
        fail(
          `${at}.model`,
          `${model}: output ${name} is ${specText(b.type, b.shape)}, and ` +
            `${specText(a.type, a.shape)} of ${firstVariant}: all variants must give alike`,
        ),
    )
    if (plain.stack) checkStack(graph, `${at}.model`, model, fail)
  }
  const known = { ...takes, ...specs }
  const give = completeGive(plain, specs, known, given)
  if (Object.keys(give).length > 0) task['give'] = give
  const answer = plain.answer ??
    (task.next.length > 0 ? undefined : Object.fromEntries(
      Object.keys(specs).map((name): [string, Source] => [name, { from: name, do: [] }]),
    ))
  if (answer === undefined) return
  task['answer'] = Object.fromEntries(
    Object.entries(answer).map(([field, source]) => {
      const { type, shape } = specOfSource(source, known, `answer.${field}`, fail)
      return [field, { from: source.from, do: source.do, type, shape }]
    }),
  )
}

function read<T>({ fail }: CheckContext, at: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof DescriptionError)) throw error
    return fail([at, error.path].filter(Boolean).join('.'), error.fault)
  }
}

/** What the file knows of a tensor of the graph; all sizes vary where it knows nothing. */
function specOf({ type, dims }: TensorFacts): TensorSpec {
  return {
    type: type as TensorSpec['type'],
    shape: (dims ?? []).map((dim) => typeof dim === 'number' ? dim : -1),
  }
}

/** The model's inputs that nothing else feeds, by the names that the feed looks for. */
function takesOf({ feed }: Description, { inputs }: GraphFacts): Takes {
  const takes: Takes = {}
  for (const input of inputs) {
    const source = feed[input.name]
    if (source !== undefined && (isConstant(source) || source.do.length > 0)) continue
    takes[source?.from ?? input.name] = specOf(input) as Takes[string]
  }
  return takes
}

function checkTypical(takes: Takes, { fail }: CheckContext): void {
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

function checkFeed(
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
    if (!isTensorType(input.type)) fail(`${at}.model`, `${expected}: such inputs cannot be fed`)
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

/** Items run together need a first size that varies, at both ends. */
function checkStack(
  { inputs, outputs }: GraphFacts,
  path: string,
  model: string,
  fail: CheckContext['fail'],
): void {
  for (const tensor of [...inputs, ...outputs]) {
    if (tensor.dims === undefined || typeof tensor.dims[0] === 'string') continue
    if (tensor.dims[0] === -1) continue
    fail(
      path,
      `${model}: ${tensor.name} is ${textOfTensor(tensor)}: stack needs a first size ` +
        'that varies',
    )
  }
}

function specOfSource(
  { from, do: steps }: Source,
  known: Specs,
  path: string,
  fail: CheckContext['fail'],
): TensorSpec {
  let spec = known[from]
  if (spec === undefined) {
    return fail(path, `there is no tensor ${from}: there are ${Object.keys(known).join(', ')}`)
  }
  if (!isTensorType(spec.type)) {
    const others = Object.keys(known).filter((name) => isTensorType(known[name]!.type)).join(', ')
    const what = spec.type === 'unknown' ? 'no tensor' : spec.type
    fail(path, `${from} is ${what}, and only tensors of numbers can be used: there are ${others}`)
  }
  try {
    for (const step of steps) spec = specAfter(step, spec)
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    return fail(path, `${from}: ${error.message}`)
  }
  return spec
}

function merged(
  before: Specs,
  next: Specs,
  unlike: (name: string, a: TensorSpec, b: TensorSpec) => never,
): Specs {
  const names = new Set([...Object.keys(before), ...Object.keys(next)])
  if (Object.keys(before).length === 0) return next
  return Object.fromEntries([...names].flatMap((name): [string, TensorSpec][] => {
    const [a, b] = [before[name], next[name]]
    // What only some variants give, nothing may be made of.
    if (a === undefined || b === undefined) return []
    if (a.type !== b.type || a.shape.length !== b.shape.length) unlike(name, a, b)
    return [[name, {
      type: a.type,
      shape: a.shape.map((size, i) => size === b.shape[i] ? size : -1),
    }]]
  }))
}

/** Says for each child what it is given; by name, or the only one, where the file does not. */
function completeGive(
  { give }: Description,
  outputs: Specs,
  known: Specs,
  { pipeline, task, kindOf, fail }: CheckContext,
): { [child: string]: Give } {
  for (const child of Object.keys(give)) {
    if (!task.next.includes(child)) fail(`give.${child}`, `task ${child} is not in next`)
  }
  return Object.fromEntries(task.next.map((child): [string, Give] => {
    const wanted = pipeline.tasks[child]?.['takes'] as Takes | undefined
    const at = `give.${child}`
    if (kindOf(child) === 'tensors' && wanted === undefined) fail(at, 'its models were not read')
    const { split, tensors } = give[child] ?? byName(wanted ?? {}, outputs, at, fail)
    for (const [name, source] of Object.entries(tensors)) {
      const made = specOfSource(source, known, `${at}.tensors.${name}`, fail)
      const expected = wanted?.[name]
      if (expected === undefined) continue
      const found = split ? [1, ...made.shape.slice(1)] : made.shape
      if (made.type !== expected.type || !fits(expected.shape, found)) {
        fail(
          `${at}.tensors.${name}`,
          `${child} expects ${specText(expected.type, expected.shape)}` +
            `, this makes ${specText(made.type, found)}${split ? ' for each row' : ''}`,
        )
      }
    }
    for (const [name, { type, shape }] of Object.entries(wanted ?? {})) {
      if (tensors[name] !== undefined) continue
      fail(`${at}.tensors.${name}`, `is missing: ${child} takes it, ${specText(type, shape)}`)
    }
    return [child, { split, tensors }]
  }))
}

function byName(
  wanted: Takes,
  outputs: Specs,
  path: string,
  fail: CheckContext['fail'],
): Give {
  const names = Object.keys(wanted)
  const has = Object.keys(outputs)
  const alone = names.length === 1 && has.length === 1
  return {
    split: false,
    tensors: Object.fromEntries(names.map((name): [string, Source] => {
      if (!alone && outputs[name] === undefined) {
        fail(
          path,
          `is missing: no output is called ${name}, which the child takes: ` +
            `there are ${has.join(', ')}`,
        )
      }
      return [name, { from: alone ? has[0]! : name, do: [] }]
    })),
  }
}
