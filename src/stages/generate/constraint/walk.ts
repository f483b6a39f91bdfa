/**
 * Which tokens may come: the tree of the vocabulary walked with the machine of the schema.
 *
 * @module
 */
import type { Tokenizer } from '../types.ts'
import { MOST_MASK_BYTES, MOST_MASK_WORK } from './limits.ts'
import type { Machine, State } from './machine.ts'
import { SchemaError } from './schema_error.ts'
import { type Trie, trieOf } from './trie.ts'

export interface Masks {
  of(state: State): Uint8Array
  /** The only token that may come, or -1. */
  forced(state: State): number
}

export function createMasks(machine: Machine, tokenizer: Tokenizer): Masks {
  const trie = trieOf(tokenizer)
  const most = Math.max(16, Math.floor(MOST_MASK_BYTES / tokenizer.size))
  let kept: State[] = []

  function maskOf(state: State): Uint8Array {
    const mask = new Uint8Array(tokenizer.size)
    walk(trie, machine, state, (id) => {
      mask[id] = 1
      return true
    })
    if (state.isWhole) { for (const end of tokenizer.ends) mask[end] = 1 }
    return mask
  }

  function forcedIn(state: State): number {
    let only = -1
    let isOnly = true
    const note = (id: number) => {
      if (only >= 0) isOnly = false
      only = id
      return isOnly
    }
    if (state.isWhole) tokenizer.ends.every(note)
    if (isOnly) walk(trie, machine, state, note)
    return isOnly ? only : -1
  }

  return {
    of(given) {
      const state = machine.far(given, trie.longest)
      if (state.mask !== undefined) return state.mask
      if (kept.length >= most) {
        const half = kept.length >> 1
        for (const old of kept.slice(0, half)) delete old.mask
        kept = kept.slice(half)
      }
      kept.push(state)
      return state.mask = maskOf(state)
    },
    forced(given) {
      const state = machine.far(given, trie.longest)
      return state.forced ??= forcedIn(state)
    },
  }
}

/** @param found called for each token that may come; returns false to stop */
function walk(trie: Trie, machine: Machine, start: State, found: (id: number) => boolean): void {
  const { bytes, depths, skips, from, ids } = trie
  const states: State[] = [start]
  let work = 0
  for (let node = 0; node < bytes.length;) {
    const depth = depths[node]!
    const state = states[depth]!
    // The count does not depend on what is cached: all nodes get the same.
    work += state.ways.length
    if (work > MOST_MASK_WORK) {
      throw new SchemaError(
        '',
        'what may come next can be meant in too many ways: have fewer of them',
      )
    }
    const known = state.next[bytes[node]!]
    const next = known === undefined ? machine.next(state, bytes[node]!) : known
    if (next === null) {
      node = skips[node]!
      continue
    }
    states[depth + 1] = next
    for (let i = from[node]!; i < from[node + 1]!; i++) if (!found(ids[i]!)) return
    node++
  }
}
