/**
 * Greedy answers of a slot graph for several prompts at once, each free to be of another length.
 *
 * @module
 */

const begin = 1
const end = 2
const hidden = -1e9

interface OrtTensor {
  data: unknown
  dims: readonly number[]
}

interface Session {
  inputNames: readonly string[]
  inputMetadata: readonly { name: string; shape: readonly (number | string)[] }[]
  run(feeds: { [name: string]: OrtTensor }): Promise<{ [name: string]: OrtTensor }>
}

export interface Ort {
  InferenceSession: { create(bytes: Uint8Array, options?: unknown): Promise<Session> }
  Tensor: new (type: string, data: unknown, dims: number[]) => OrtTensor
}

/** Keys or values of all rows: [rows, heads, capacity, head]. */
interface Kept {
  name: string
  heads: number
  head: number
  data: Float32Array
}

/** @param heads key heads and their width, by the graph's inputs */
export async function greedy(
  ort: Ort,
  session: Session,
  prompts: readonly (readonly number[])[],
  shape: { heads: number; head: number },
  mostTokens = 600,
): Promise<number[][]> {
  const rows = prompts.length
  const known = prompts.map((prompt) => [...prompt, begin])
  const answers: number[][] = prompts.map(() => [])
  const length = Math.max(...known.map((ids) => ids.length))
  const capacity = length + mostTokens
  const kept: Kept[] = session.inputNames.filter((name) => name.startsWith('past_')).map((
    name,
  ) => ({
    name,
    ...shape,
    data: new Float32Array(rows * shape.heads * capacity * shape.head),
  }))
  const bias = new Float32Array(rows * capacity).fill(hidden)
  let filled = 0
  let next = known.map((ids) => ids.slice())
  while (true) {
    const width = Math.max(...next.map((ids) => ids.length))
    const feeds = feedsOf(ort, { rows, width, filled, capacity, known, next, bias, kept })
    const out = await session.run(feeds)
    keep(out, kept, { rows, width, filled, capacity })
    for (let row = 0; row < rows; row++) {
      bias.fill(0, row * capacity + filled, row * capacity + filled + next[row]!.length)
    }
    filled += width
    const logits = out['logits']!
    const size = logits.dims[1]!
    const data = logits.data as Float32Array
    const over = answers.map((ids) => ids.at(-1) === end)
    next = answers.map((ids, row) => {
      if (over[row]) return [end]
      const id = largest(data.subarray(row * size, (row + 1) * size))
      ids.push(id)
      known[row]!.push(id)
      return [id]
    })
    if (answers.every((ids) => ids.at(-1) === end) || filled + 1 >= capacity) break
  }
  return answers.map((ids) => ids.at(-1) === end ? ids.slice(0, -1) : ids)
}

interface State {
  rows: number
  width: number
  filled: number
  capacity: number
  known: readonly number[][]
  next: readonly number[][]
  bias: Float32Array
  kept: readonly Kept[]
}

function feedsOf(ort: Ort, state: State): { [name: string]: OrtTensor } {
  const { rows, width, filled, capacity, known, next, bias, kept } = state
  const all = filled + width
  const ids = () => new BigInt64Array(rows * width)
  const [own, before1, before2, positions] = [ids(), ids(), ids(), ids()]
  const last = new BigInt64Array(rows)
  const seen = new Float32Array(rows * width * all).fill(hidden)
  for (let row = 0; row < rows; row++) {
    const start = known[row]!.length - next[row]!.length
    last[row] = BigInt(next[row]!.length - 1)
    for (const [i, id] of next[row]!.entries()) {
      const at = row * width + i
      own[at] = BigInt(id)
      positions[at] = BigInt(start + i)
      before1[at] = BigInt(known[row]![start + i - 1] ?? 0)
      before2[at] = BigInt(known[row]![start + i - 2] ?? 0)
      seen.set(bias.subarray(row * capacity, row * capacity + filled), at * all)
      seen.fill(0, at * all + filled, at * all + filled + i + 1)
    }
  }
  const tensor = (data: BigInt64Array, dims: number[]) => new ort.Tensor('int64', data, dims)
  return {
    input_ids: tensor(own, [rows, width]),
    before_1: tensor(before1, [rows, width]),
    before_2: tensor(before2, [rows, width]),
    position_ids: tensor(positions, [rows, width]),
    bias: new ort.Tensor('float32', seen, [rows, 1, width, all]),
    last: tensor(last, [rows]),
    ...Object.fromEntries(kept.map(({ name, heads, head, data }) => {
      const part = new Float32Array(rows * heads * filled * head)
      for (let plane = 0; plane < rows * heads; plane++) {
        const from = plane * capacity * head
        part.set(data.subarray(from, from + filled * head), plane * filled * head)
      }
      return [name, new ort.Tensor('float32', part, [rows, heads, filled, head])]
    })),
  }
}

function keep(
  out: { [name: string]: OrtTensor },
  kept: readonly Kept[],
  { rows, width, filled, capacity }: Pick<State, 'rows' | 'width' | 'filled' | 'capacity'>,
): void {
  for (const { name, heads, head, data } of kept) {
    const fresh = out[name.replace('past_key_values', 'new')]!.data as Float32Array
    for (let plane = 0; plane < rows * heads; plane++) {
      const part = fresh.subarray(plane * width * head, (plane + 1) * width * head)
      data.set(part, (plane * capacity + filled) * head)
    }
  }
}

function largest(values: Float32Array): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i
  return best
}
