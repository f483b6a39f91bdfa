/**
 * Any model, tensors in and tensors out, by description alone.
 *
 * @module
 */
import {
  elementsOf,
  emptyData,
  filledData,
  fits,
  specText,
  type Tensor,
} from '../../pipeline/tensor.ts'
import { packTensors, unpackTensors } from '../../pipeline/tensor_item.ts'
import type { ItemResult, Stage, StageContext, StageItem } from '../types.ts'
import { faultOfInput } from './blame.ts'
import { checkTensors } from './check.ts'
import { describe, type Description, isConstant, type Source } from './description.ts'
import { StepError } from './shapes.ts'
import { applyStep, rowRange, rowsOf, stacked } from './steps.ts'

type Tensors = { [name: string]: Tensor }

/** An input that does not fit what the description says: the item's fault, not the node's. */
class InputError extends TypeError {}

/**
 * Stage `tensors`. Items: the tensors that `takes` names. The model's inputs come of them by `feed`
 * (an input of the same name otherwise), children's tensors of its outputs by `give`, fields of the
 * result by `answer`; docs/PIPELINES.md has all of it.
 */
export const tensors: Stage = {
  async run(items, context) {
    const description = descriptionOf(context)
    const results: (ItemResult | undefined)[] = items.map(() => undefined)
    const ready: { at: number; item: Tensors; feeds: Tensors }[] = []
    items.forEach((one, at) => {
      try {
        const item = readItem(one, description)
        const feeds = feedsOf(item, description, context)
        if (description.stack) checkRows(feeds)
        ready.push({ at, item, feeds })
      } catch (error) {
        results[at] = failed(error)
      }
    })
    const settle = async (group: typeof ready) => {
      let outputs: Tensors[]
      try {
        outputs = await runGroup(group.map(({ feeds }) => feeds), context, description.stack)
      } catch (error) {
        const usual = () =>
          context.model.run(tensors.warmUp(context, 1)[0]!, tensors.exact!(context))
        const message = await faultOfInput(error, usual)
        // Which of several is to blame shows when each is run alone.
        if (group.length > 1) { for (const one of group) await settle([one]) }
        else results[group[0]!.at] = { ok: false, reason: 'invalid_input', message }
        return
      }
      group.forEach(({ at, item }, i) => {
        try {
          results[at] = resultOf({ ...item, ...outputs[i]! }, description, context)
        } catch (error) {
          results[at] = failed(error)
        }
      })
    }
    for (const group of groupsOf(ready, description.stack)) await settle(group)
    return results as ItemResult[]
  },

  warmUp(context, batch) {
    const description = descriptionOf(context)
    const item: Tensors = {}
    for (const [name, { type, shape, typical }] of Object.entries(description.takes ?? {})) {
      const dims = [...typical ?? shape.map((size) => size === -1 ? 1 : size)]
      item[name] = { type, dims, data: emptyData(type, elementsOf(dims)) }
    }
    const feeds = feedsOf(item, description, context)
    if (!description.stack || batch === 1) return [feeds]
    return [stackedFeeds(Array.from({ length: batch }, () => feeds))]
  },

  carried: (context, batch) => descriptionOf(context).stack ? batch : 1,
  exact: (context) => !descriptionOf(context).stack,
  check: checkTensors,
  takes: 'tensors',
  handsOn: 'tensors',
}

/** Read once for each loaded variant. */
const described = new WeakMap<object, Description>()

function descriptionOf({ task, variant }: StageContext): Description {
  let found = described.get(variant)
  if (found === undefined) described.set(variant, found = describe(task, variant))
  return found
}

function readItem({ meta, bytes }: StageItem, { takes }: Description): Tensors {
  const found = unpackTensors(meta, bytes)
  for (const [name, { type, shape }] of Object.entries(takes ?? {})) {
    const tensor = found[name]
    const expected = specText(type, shape)
    if (tensor === undefined) {
      const has = Object.keys(found).join(', ')
      throw new InputError(
        `Cannot use the input: tensor ${name}, ${expected}, is missing: ` +
          `received ${has || 'none'}`,
      )
    }
    if (tensor.type !== type || !fits(shape, tensor.dims)) {
      throw new InputError(
        `Cannot use tensor ${name}: expected ${expected}, ` +
          `received ${specText(tensor.type, tensor.dims)}`,
      )
    }
  }
  return found
}

function feedsOf(item: Tensors, { feed, takes }: Description, { model }: StageContext): Tensors {
  // Further tensors of an item were not checked against the file.
  const given = Object.keys(takes ?? item)
  return Object.fromEntries(model.inputNames.map((input) => {
    const source = feed[input]
    if (source !== undefined && isConstant(source)) {
      const { type, shape, value } = source
      return [input, { type, dims: shape, data: filledData(type, elementsOf(shape), value) }]
    }
    // With one input and one tensor, names need not match.
    const alone = model.inputNames.length === 1 && given.length === 1 ? given[0]! : input
    return [input, make(source ?? { from: alone, do: [] }, item, `model input ${input}`)]
  }))
}

function make({ from, do: steps }: Source, known: Tensors, what: string): Tensor {
  let tensor = known[from]
  if (tensor === undefined) {
    const has = Object.keys(known).join(', ')
    throw new InputError(`Cannot make ${what}: there is no tensor ${from} among ${has}`)
  }
  try {
    for (const step of steps) tensor = applyStep(step, tensor)
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    throw new InputError(`Cannot make ${what} of ${from}: ${error.message}`)
  }
  return tensor
}

/** Else rows of one item would be run with those of another that happens to be beside it. */
function checkRows(feeds: Tensors): void {
  const counts = new Set(Object.values(feeds).map(({ dims }) => dims[0]))
  if (counts.size <= 1) return
  const found = Object.entries(feeds).map(([name, { dims }]) => `${name} ${dims[0]}`).join(', ')
  throw new InputError(`Cannot use the input: model inputs have unlike numbers of rows, ${found}`)
}

/** Items that run together: those whose inputs differ in their first size alone. */
function groupsOf<One extends { feeds: Tensors }>(ready: readonly One[], stack: boolean): One[][] {
  if (!stack) return ready.map((one) => [one])
  const groups = new Map<string, One[]>()
  for (const one of ready) {
    const key = JSON.stringify(
      Object.entries(one.feeds).map(([name, { type, dims }]) => [
        ...[name, type],
        dims.slice(1),
      ]),
    )
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [one])
    else group.push(one)
  }
  return [...groups.values()]
}

function stackedFeeds(feeds: readonly Tensors[]): Tensors {
  return Object.fromEntries(
    Object.keys(feeds[0]!).map((name) => [name, stacked(feeds.map((one) => one[name]!))]),
  )
}

/** What the model gives for each of them. */
async function runGroup(
  feeds: readonly Tensors[],
  { model }: StageContext,
  stack: boolean,
): Promise<Tensors[]> {
  if (!stack) return [await model.run(feeds[0]!, true)]
  const rows = feeds.map((one) => Object.values(one)[0]?.dims[0] ?? 1)
  const total = rows.reduce((sum, count) => sum + count, 0)
  const outputs = await model.run(stackedFeeds(feeds))
  for (const [name, { type, dims }] of Object.entries(outputs)) {
    if (dims[0] === total) continue
    throw new TypeError(
      `Cannot part output ${name} of items run together: it has ` +
        `${specText(type, dims)} for ${total} rows; the task must not say stack`,
    )
  }
  let from = 0
  return rows.map((count) => {
    const to = from + count
    const own = Object.entries(outputs).map(([name, tensor]) => [name, rowRange(tensor, from, to)])
    from = to
    return Object.fromEntries(own)
  })
}

function resultOf(
  known: Tensors,
  { give, answer = {} }: Description,
  { next }: StageContext,
): ItemResult {
  const children: { [task: string]: StageItem[] } = {}
  for (const child of next) {
    const { tensors: wanted, split } = give[child] ?? { tensors: {}, split: false }
    const made = Object.fromEntries(
      Object.entries(wanted).map(([name, source]) => [
        name,
        make(source, known, `tensor ${name} for ${child}`),
      ]),
    )
    children[child] = (split ? parted(made, child) : [made]).map(packTensors)
  }
  const fields = Object.entries(answer).map(([field, source]) => [
    field,
    make(source, known, `answer ${field}`),
  ])
  return { ok: true, fields: {}, tensors: Object.fromEntries(fields), children }
}

function parted(made: Tensors, child: string): Tensors[] {
  const rows = Object.entries(made).map(([name, tensor]) => [name, rowsOf(tensor)] as const)
  const counts = new Set(rows.map(([, list]) => list.length))
  if (counts.size > 1) {
    const found = rows.map(([name, list]) => `${name} ${list.length}`).join(', ')
    throw new InputError(`Cannot split what goes to ${child}: unlike numbers of rows, ${found}`)
  }
  const [count = 0] = counts
  return Array.from(
    { length: count },
    (_, i) => Object.fromEntries(rows.map(([name, list]) => [name, list[i]!])),
  )
}

/** @throws the error itself where no input is to blame */
function failed(error: unknown): ItemResult {
  if (!(error instanceof TypeError)) throw error
  return { ok: false, reason: 'invalid_input', message: error.message }
}
