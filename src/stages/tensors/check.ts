/**
 * Checks a `tensors` task of the file against its models before anything is served: names, types,
 * ranks, sizes. Fills in what the file leaves to the models.
 *
 * @module
 */
import { type GraphFacts, textOfTensor } from '../../pipeline/onnx/graph.ts'
import type { Takes } from '../../pipeline/takes.ts'
import { fits, specText } from '../../pipeline/tensor.ts'
import type { CheckContext } from '../types.ts'
import { checkFeed, checkTypical, checkUsable, takesOf } from './check_inputs.ts'
import {
  describe,
  type Description,
  DescriptionError,
  type Give,
  type Source,
} from './description.ts'
import { type Known, openFault, specOf, specOfSource, type Specs } from './specs.ts'

export function checkTensors(given: CheckContext): void {
  const { task, graphs, fail } = given
  const plain = read(given, '', () => describe(task))
  const [first] = Object.values(graphs)
  const [firstVariant = ''] = Object.keys(graphs)
  if (first === undefined) return
  for (const [variant, graph] of Object.entries(graphs)) checkUsable(variant, graph, given)
  // The task takes the inputs of its first variant unless the file names others.
  const own = read(given, '', () => describe(task, task.variants[firstVariant]))
  const takes = task['takes'] = plain.takes ?? takesOf(own, first, fail)
  checkTypical(takes, given)
  let merged: Specs | undefined
  for (const [variant, graph] of Object.entries(graphs)) {
    const at = `variants.${variant}`
    const model = String(task.variants[variant]?.model)
    const description = read(given, at, () => describe(task, task.variants[variant]))
    checkFeed(description, takes, graph, { given, at, model })
    const outputs: Specs = {}
    for (const output of graph.outputs) {
      outputs[output.name] = { ...specOf(output), isOpen: output.dims === undefined }
    }
    merged = common(
      merged,
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
  const specs = merged ?? {}
  const known = { ...takes, ...specs }
  const give = completeGive(plain, specs, known, given)
  if (Object.keys(give).length > 0) task['give'] = give
  const answer = plain.answer ?? (task.next.length > 0 ? undefined : allOf(specs, fail))
  if (answer === undefined) return
  task['answer'] = Object.fromEntries(
    Object.entries(answer).map(([field, source]) => {
      const { type, shape } = specOfSource(source, known, `answer.${field}`, fail)
      return [field, { from: source.from, do: source.do, type, shape }]
    }),
  )
}

function allOf(outputs: Specs, fail: CheckContext['fail']): { [field: string]: Source } {
  const names = Object.keys(outputs)
  if (names.length === 0) fail('variants', 'have no output of one name: all must give alike')
  return Object.fromEntries(names.map((name) => [name, { from: name, do: [] }]))
}

function read<T>({ fail }: CheckContext, at: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof DescriptionError)) throw error
    return fail([at, error.path].filter(Boolean).join('.'), error.fault)
  }
}

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

function common(
  before: Specs | undefined,
  next: Specs,
  unlike: (name: string, a: Known, b: Known) => never,
): Specs {
  if (before === undefined) return next
  return Object.fromEntries(
    Object.entries(before).flatMap(([name, a]): [string, Known][] => {
      const b = next[name]
      // What only some variants give, nothing may be made of.
      if (b === undefined) return []
      const isOpen = a.isOpen === true || b.isOpen === true
      if (a.type !== b.type || !isOpen && a.shape.length !== b.shape.length) unlike(name, a, b)
      if (isOpen) return [[name, { type: a.type, shape: [], isOpen }]]
      return [[name, {
        type: a.type,
        shape: a.shape.map((size, i) => size === b.shape[i] ? size : -1),
      }]]
    }),
  )
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
      if (split && !made.isOpen && made.shape.length === 0) {
        const is = specText(made.type, made.shape)
        fail(`${at}.tensors.${name}`, `is ${is}, a single number, and has no rows to split`)
      }
      const expected = wanted?.[name]
      if (expected === undefined) continue
      if (made.isOpen) fail(`${at}.tensors.${name}`, openFault(source.from))
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
