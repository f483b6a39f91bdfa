/**
 * Small decoders with weights out of a hat, in the layouts that are known: two layers, four heads of
 * which two share their keys, positions by rotation. The same weights say the same in each layout.
 */
import { type Made, type MadeNode, onnxOf } from '../../../pipeline/onnx.ts'

export const VOCAB = 64
export const CONTEXT = 160
const DIM = 32
const HEADS = 4
const KV_HEADS = 2
const SIZE = DIM / HEADS
const INNER = 48
const LAYERS = 2

export interface Layout {
  kind: 'slot' | 'cat'
  /** slot: the two ids before each are read, too. */
  readsBefore?: boolean
  /** cat: positions are counted inside, from the length of the past. */
  countsPositions?: boolean
  /** cat: of two branches, and that with a past does not hide later tokens from earlier ones. */
  isMerged?: boolean
  /** Half floats for keys, values and logits. */
  isHalf?: boolean
  integers?: 'int64' | 'int32'
  /** Tokens that it knows; {@linkcode VOCAB} where absent. */
  vocab?: number
}

/** Numbers as if thrown, the same each time. */
function thrown(seed: number): () => number {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  return () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next())
}

export function madeDecoder(layout: Layout): Uint8Array<ArrayBuffer> {
  const {
    kind,
    readsBefore,
    countsPositions,
    isMerged,
    isHalf,
    integers = 'int64',
    vocab = VOCAB,
  } = layout
  const weights: Parameters<typeof onnxOf>[0]['weights'] = {}
  const nodes: MadeNode[] = []
  const random = thrown(7)
  let made = 0
  const weight = (name: string, dims: number[], scale: number) => {
    const length = dims.reduce((a, b) => a * b, 1)
    weights[name] = { dims, values: Array.from({ length }, () => random() * scale) }
    return name
  }
  const constant = (
    values: number[],
    type: 'int64' | 'float32' = 'int64',
    dims = [values.length],
  ) => {
    const name = `c${made++}`
    weights[name] = { dims, values, type }
    return name
  }
  const op = (
    op: string,
    inputs: string[],
    ints: MadeNode['ints'] = {},
    outputs = [`t${made++}`],
  ) => {
    nodes.push({ op, inputs, outputs, ints })
    return outputs[0]!
  }
  const to = (type: number, name: string) => op('Cast', [name], { to: type })
  const norm = (x: string) => {
    const mean = op('ReduceMean', [op('Mul', [x, x])], { axes: [-1] })
    return op('Div', [x, op('Sqrt', [op('Add', [mean, constant([1e-5], 'float32')])])])
  }
  const kvType = isHalf ? 'float16' : 'float32'
  const wide: Made = isHalf ? ['float16', ['B', 'S', vocab]] : ['B', 'S', vocab]
  const inputs: { [name: string]: Made } = { input_ids: [integers, ['B', 'S']] }
  const outputs: { [name: string]: Made } = {
    logits: kind === 'cat' ? wide : [kvType, ['B', vocab]],
  }

  // Drawn in the same order whatever the layout is.
  const embedding = weight('embedding', [vocab, DIM], 1)
  const earlier = [weight('before1', [vocab, DIM], 0.7), weight('before2', [vocab, DIM], 0.7)]
  let x = op('Gather', [embedding, 'input_ids'])
  if (readsBefore) {
    earlier.forEach((table, i) => {
      inputs[`before_${i + 1}`] = [integers, ['B', 'S']]
      x = op('Add', [x, op('Gather', [table, `before_${i + 1}`])])
    })
  }

  let bias = 'bias'
  let positions = 'position_ids'
  if (kind === 'slot') {
    inputs['bias'] = [kvType, ['B', 1, 'S', 'TS']]
    inputs['last'] = [integers, ['B']]
    bias = to(1, 'bias')
  } else {
    inputs['attention_mask'] = [integers, ['B', 'TS']]
    const sizeOf = (name: string) =>
      op('Squeeze', [op('Gather', [op('Shape', [name]), constant([1])]), constant([0])])
    const total = sizeOf('attention_mask')
    const past = op('Sub', [total, sizeOf('input_ids')])
    const one = constant([1], 'int64', [])
    const fresh = op('Range', [past, total, one])
    const all = op('Range', [constant([0], 'int64', []), total, one])
    let seen = op('LessOrEqual', [all, op('Unsqueeze', [fresh, constant([1])])])
    if (isMerged) seen = op('Or', [seen, 'use_cache_branch'])
    const mask = op('Unsqueeze', [to(1, 'attention_mask'), constant([1, 2])])
    const shown = op('Mul', [to(1, seen), mask])
    bias = op('Mul', [op('Sub', [shown, constant([1], 'float32')]), constant([1e9], 'float32')])
    if (isMerged) inputs['use_cache_branch'] = ['bool', [1]]
    if (countsPositions) positions = op('Unsqueeze', [fresh, constant([0])])
  }
  if (!countsPositions) inputs['position_ids'] = [integers, ['B', 'S']]

  const angles = Array.from(
    { length: CONTEXT },
    (_, t) => Array.from({ length: SIZE }, (_, i) => t * 100 ** (-2 * (i % (SIZE / 2)) / SIZE)),
  ).flat()
  const turns = [Math.cos, Math.sin].map((of) =>
    op('Unsqueeze', [
      op('Gather', [constant(angles.map(of), 'float32', [CONTEXT, SIZE]), positions]),
      constant([1]),
    ])
  )
  const headed = (y: string, name: string, heads: number) => {
    const wide = op('MatMul', [y, weight(name, [DIM, heads * SIZE], 1.5 * DIM ** -0.5)])
    const split = op('Reshape', [wide, constant([0, 0, heads, SIZE])])
    return op('Transpose', [split], { perm: [0, 2, 1, 3] })
  }
  const turned = (y: string) => {
    const [a, b] = [`t${made++}`, `t${made++}`]
    op('Split', [y], { axis: 3 }, [a, b])
    const other = op('Concat', [op('Neg', [b]), a], { axis: 3 })
    return op('Add', [op('Mul', [y, turns[0]!]), op('Mul', [other, turns[1]!])])
  }

  for (let layer = 0; layer < LAYERS; layer++) {
    const y = norm(x)
    const q = turned(headed(y, `q${layer}`, HEADS))
    const own = [turned(headed(y, `k${layer}`, KV_HEADS)), headed(y, `v${layer}`, KV_HEADS)]
    const [keys, values] = ['key', 'value'].map((what, i) => {
      const past = `past_key_values.${layer}.${what}`
      const told = `${kind === 'slot' ? 'new' : 'present'}.${layer}.${what}`
      inputs[past] = [kvType, ['B', KV_HEADS, 'T', SIZE]]
      outputs[told] = [kvType, ['B', KV_HEADS, kind === 'slot' ? 'S' : 'TS', SIZE]]
      const held = isHalf ? to(10, own[i]!) : own[i]!
      if (kind === 'slot') op('Identity', [held], {}, [told])
      const joined = op('Concat', [past, held], { axis: 2 }, [kind === 'cat' ? told : `t${made++}`])
      return op('Unsqueeze', [to(1, joined), constant([2])])
    })
    const groups = op('Reshape', [q, constant([0, KV_HEADS, HEADS / KV_HEADS, -1, SIZE])])
    const scores = op('MatMul', [groups, op('Transpose', [keys!], { perm: [0, 1, 2, 4, 3] })])
    const scaled = op('Mul', [scores, constant([SIZE ** -0.5], 'float32')])
    const masked = op('Add', [scaled, op('Unsqueeze', [bias, constant([2])])])
    const mixed = op('MatMul', [op('Softmax', [masked], { axis: -1 }), values!])
    const joined = op('Reshape', [
      op('Transpose', [mixed], { perm: [0, 3, 1, 2, 4] }),
      constant([0, 0, DIM]),
    ])
    const scale = 1.5 * DIM ** -0.5
    x = op('Add', [x, op('MatMul', [joined, weight(`o${layer}`, [DIM, DIM], scale)])])
    const inner = op('Tanh', [op('MatMul', [norm(x), weight(`up${layer}`, [DIM, INNER], scale)])])
    x = op('Add', [x, op('MatMul', [inner, weight(`down${layer}`, [INNER, DIM], scale)])])
  }
  if (kind === 'slot') {
    const last = op('Unsqueeze', ['last', constant([1])])
    x = op('GatherND', [x, integers === 'int32' ? to(7, last) : last], { batch_dims: 1 })
  }
  // Those that end answers come seldom.
  const seldom = constant(Array.from({ length: vocab }, (_, id) => id <= 2 ? -4 : 0), 'float32')
  const said = op('MatMul', [norm(x), weight('head', [DIM, vocab], 0.5)])
  const logits = op('Add', [said, seldom])
  op('Cast', [logits], { to: isHalf ? 10 : 1 }, ['logits'])
  return onnxOf({ inputs, outputs, weights, nodes }) as Uint8Array<ArrayBuffer>
}
