/**
 * A vocabulary as a tree of bytes, laid out in the order in which it is walked.
 *
 * @module
 */
import type { Tokenizer } from '../types.ts'

export interface Trie {
  /** By node. */
  readonly bytes: Uint8Array
  readonly depths: Uint16Array
  /** The next node that does not stand below it. */
  readonly skips: Int32Array
  /** Its tokens are those of `ids` from here to where those of the next node begin. */
  readonly from: Int32Array
  readonly ids: Int32Array
  /** Bytes of the longest token. */
  readonly longest: number
  /** Bytes that are a token. */
  readonly single: ReadonlySet<number>
}

/** Longer tokens are never said: there are none in vocabularies of words. */
const LONGEST = 256

const known = new WeakMap<Tokenizer, Trie>()

export function trieOf(tokenizer: Tokenizer): Trie {
  let trie = known.get(tokenizer)
  if (trie === undefined) known.set(tokenizer, trie = makeTrie(tokenizer))
  return trie
}

function makeTrie(tokenizer: Tokenizer): Trie {
  const tokens: { id: number; bytes: Uint8Array }[] = []
  const single = new Set<number>()
  for (let id = 0; id < tokenizer.size; id++) {
    const bytes = tokenizer.bytesOf(id)
    if (bytes.length === 0 || bytes.length > LONGEST || tokenizer.ends.includes(id)) continue
    tokens.push({ id, bytes })
    if (bytes.length === 1) single.add(bytes[0]!)
  }
  tokens.sort((a, b) => compare(a.bytes, b.bytes) || a.id - b.id)
  const [bytes, depths, skips]: [number[], number[], number[]] = [[], [], []]
  /** Nodes above the next one, by depth. */
  const open: number[] = []
  const closeTo = (depth: number) => {
    while (open.length > depth) skips[open.pop()!] = bytes.length
  }
  /** Where each token ends; the order of tokens is that of nodes. */
  const nodes: number[] = []
  let before = new Uint8Array() as Uint8Array
  for (const token of tokens) {
    let shared = 0
    while (shared < before.length && before[shared] === token.bytes[shared]) shared++
    for (let depth = shared; depth < token.bytes.length; depth++) {
      closeTo(depth)
      open.push(bytes.length)
      bytes.push(token.bytes[depth]!)
      depths.push(depth)
    }
    nodes.push(open.at(-1)!)
    before = token.bytes
  }
  closeTo(0)
  const from = new Int32Array(bytes.length + 1)
  for (const node of nodes) from[node + 1]!++
  for (let node = 0; node < bytes.length; node++) from[node + 1]! += from[node]!
  return {
    bytes: Uint8Array.from(bytes),
    depths: Uint16Array.from(depths),
    skips: Int32Array.from(skips),
    from,
    ids: Int32Array.from(tokens, ({ id }) => id),
    longest: tokens.reduce((most, { bytes }) => Math.max(most, bytes.length), 0),
    single,
  }
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}
