/**
 * What a model that generates looks like: how it takes what it read before, and how it gives what comes
 * next. Two layouts are known:
 *
 * - `slot`: the past comes with an additive bias, and only the new keys and values come out, with the
 *   logits of each row's last new token;
 * - `cat`: as Optimum and Transformers.js export models; the past comes with an attention mask, and
 *   past and new come out together, with the logits of every new token.
 *
 * @module
 */
import { type GraphFacts, type TensorFacts, textOfTensor } from './onnx/graph.ts'
import type { TensorType } from './tensor.ts'

export interface DecoderShape {
  kind: 'slot' | 'cat'
  layers: number
  kvHeads: number
  headDim: number
  /** Logits of a token. */
  vocab: number
  /** Of keys and values. */
  kv: 'float32' | 'float16'
  /** Each input that is neither key nor value, with the type of its elements. */
  types: { readonly [input: string]: TensorType }
}

/** What is kept of a token that was read or said, in bytes. */
export const kvBytesOf = ({ layers, kvHeads, headDim, kv }: DecoderShape): number =>
  2 * layers * kvHeads * headDim * (kv === 'float16' ? 2 : 4)

type Type = 'integers' | 'reals' | 'flag'

const FITTING: { [type in Type]: readonly string[] } = {
  integers: ['int64', 'int32'],
  reals: ['float32', 'float16'],
  flag: ['bool'],
}

interface Known {
  type: Type
  /** How many sizes it has; where it has none at all, a single number is meant. */
  sizes: number
  mayLack?: boolean
}

const INPUTS: { [kind in DecoderShape['kind']]: { [name: string]: Known } } = {
  slot: {
    input_ids: { type: 'integers', sizes: 2 },
    position_ids: { type: 'integers', sizes: 2 },
    bias: { type: 'reals', sizes: 4 },
    last: { type: 'integers', sizes: 1 },
    before_1: { type: 'integers', sizes: 2, mayLack: true },
    before_2: { type: 'integers', sizes: 2, mayLack: true },
  },
  cat: {
    input_ids: { type: 'integers', sizes: 2 },
    attention_mask: { type: 'integers', sizes: 2 },
    position_ids: { type: 'integers', sizes: 2, mayLack: true },
    use_cache_branch: { type: 'flag', sizes: 1, mayLack: true },
    num_logits_to_keep: { type: 'integers', sizes: 0, mayLack: true },
  },
}

const NEW = { slot: 'new', cat: 'present' } as const
const PAST = /^past_key_values\.(\d+)\.(?:key|value)$/

/** Names of what is read and written of one layer: first the keys', then the values'. */
export const pastNames = (layer: number): [string, string] => [
  `past_key_values.${layer}.key`,
  `past_key_values.${layer}.value`,
]
export const newNames = (kind: DecoderShape['kind'], layer: number): [string, string] => [
  `${NEW[kind]}.${layer}.key`,
  `${NEW[kind]}.${layer}.value`,
]

/** @throws Error that names the tensor, and its shape, that fits no model that can be run */
export function decoderShapeOf({ inputs, outputs, external }: GraphFacts): DecoderShape {
  if (external) {
    throw new Error('its weights are in files beside it: export it as one file')
  }
  const has = (name: string) => outputs.some((one) => one.name === name)
  const kind = has('new.0.key') ? 'slot' : 'cat'
  if (kind === 'cat' && !has('present.0.key')) {
    throw new Error('it has no output present.0.key: export it with keys and values of the past')
  }
  const types = typesOf(kind, inputs)
  const layers = inputs.filter(({ name }) => PAST.test(name)).length / 2
  let first: Heads | undefined
  for (let layer = 0; layer < layers; layer++) {
    for (const name of pastNames(layer)) {
      const heads = headsOf(named(inputs, name, 'input'))
      first ??= heads
      if (heads.kvHeads !== first.kvHeads || heads.headDim !== first.headDim) {
        throw new Error(`its input ${name} has other sizes than ${pastNames(0)[0]}`)
      }
      if (heads.kv !== first.kv) throw new Error(`its input ${name} is no ${first.kv}`)
    }
    for (const name of newNames(kind, layer)) {
      const tensor = named(outputs, name, 'output')
      if (tensor.type !== first?.kv) throw unfit('output', tensor, `${first?.kv} as its past`)
    }
  }
  if (first === undefined) throw new Error(`it has no input ${pastNames(0)[0]}`)
  return { kind, layers, ...first, vocab: vocabOf(kind, named(outputs, 'logits', 'output')), types }
}

function typesOf(kind: DecoderShape['kind'], inputs: readonly TensorFacts[]) {
  const types: { [input: string]: TensorType } = {}
  for (const tensor of inputs) {
    if (PAST.test(tensor.name)) continue
    const known = Object.hasOwn(INPUTS[kind], tensor.name) ? INPUTS[kind][tensor.name] : undefined
    if (known === undefined) {
      const names = [...Object.keys(INPUTS[kind]), 'past_key_values.*.key', '.value'].join(', ')
      throw unfit('input', tensor, `none of ${names}`, 'is')
    }
    if (!FITTING[known.type].includes(tensor.type)) {
      throw unfit('input', tensor, FITTING[known.type].join(' or '))
    }
    const { dims } = tensor
    if (dims !== undefined && dims.length !== known.sizes) {
      throw unfit('input', tensor, `${known.sizes} sizes`)
    }
    // A batch has as many rows as there are sequences, whose texts have any length.
    if (known.sizes > 1 && dims?.some((size, i) => varies(kind, i) && isFixed(size))) {
      throw unfit('input', tensor, 'sizes that vary: export it with dynamic axes')
    }
    types[tensor.name] = tensor.type as TensorType
  }
  for (const [name, { mayLack }] of Object.entries(INPUTS[kind])) {
    if (mayLack !== true && types[name] === undefined) throw new Error(`it has no input ${name}`)
  }
  return types
}

/** A bias has a size of 1 between rows and tokens. */
const varies = (kind: DecoderShape['kind'], axis: number) => kind === 'cat' || axis !== 1

const isFixed = (size: number | string | undefined): size is number =>
  typeof size === 'number' && size > 0

type Heads = Pick<DecoderShape, 'kvHeads' | 'headDim' | 'kv'>

function headsOf(tensor: TensorFacts): Heads {
  const [rows, kvHeads, past, headDim, ...more] = tensor.dims ?? []
  if (tensor.type !== 'float32' && tensor.type !== 'float16') {
    throw unfit('input', tensor, 'float32 or float16')
  }
  if (!isFixed(kvHeads) || !isFixed(headDim) || more.length > 0 || isFixed(rows) || isFixed(past)) {
    throw unfit('input', tensor, '[rows,HEADS,past,SIZE], with rows and past that vary')
  }
  return { kvHeads, headDim, kv: tensor.type }
}

function vocabOf(kind: DecoderShape['kind'], tensor: TensorFacts): number {
  const { type, dims } = tensor
  if (!FITTING.reals.includes(type)) throw unfit('output', tensor, 'float32 or float16')
  const vocab = dims?.at(-1)
  if (!isFixed(vocab) || dims?.length !== (kind === 'slot' ? 2 : 3)) {
    throw unfit('output', tensor, kind === 'slot' ? '[rows,VOCABULARY]' : '[rows,new,VOCABULARY]')
  }
  return vocab
}

function named(tensors: readonly TensorFacts[], name: string, what: string): TensorFacts {
  const found = tensors.find((one) => one.name === name)
  if (found === undefined) throw new Error(`it has no ${what} ${name}`)
  return found
}

const unfit = (what: string, tensor: TensorFacts, wanted: string, verb = 'is to be') =>
  new Error(`its ${what} ${tensor.name} ${textOfTensor(tensor)} ${verb} ${wanted}`)
