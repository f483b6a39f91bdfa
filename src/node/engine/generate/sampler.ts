/**
 * Which token comes next. Random numbers are a function of the sequence's seed and of the token's index
 * in the answer: the same whatever else runs, and on another node that goes on with the answer.
 *
 * @module
 */

export interface Choice {
  /** 0: the likeliest. */
  temperature: number
  topP: number
  seed: number
}

export interface Sampler {
  /**
   * @param index of the token in the answer
   * @param mask 1 where a token may come
   * @returns -1 where none may
   */
  pick(logits: Float32Array, choice: Choice, index: number, mask?: Uint8Array): number
}

/** @param size tokens that there are; a model may have logits of some more, for round sizes */
export function createSampler(size: number): Sampler {
  const weights = new Float64Array(size)

  function likeliest(logits: Float32Array, mask: Uint8Array | undefined): number {
    let best = -Infinity
    let found = -1
    for (let id = 0; id < size; id++) {
      if (logits[id]! > best && (mask === undefined || mask[id] === 1)) {
        best = logits[id]!
        found = id
      }
    }
    return found
  }

  return {
    pick(logits, { temperature, topP, seed }, index, mask) {
      const first = likeliest(logits, mask)
      if (temperature === 0 || first === -1) return first
      let total = 0
      for (let id = 0; id < size; id++) {
        const mayCome = mask === undefined || mask[id] === 1
        const weight = mayCome ? Math.exp((logits[id]! - logits[first]!) / temperature) : 0
        total += weights[id] = weight
      }
      const chance = randomOf(seed, index)
      if (topP >= 1) return walk(weights, undefined, chance * total) ?? first
      const { ids, weight } = nucleus(weights, total, topP)
      return walk(weights, ids, chance * weight) ?? first
    },
  }
}

/** The first token at which the weights so far exceed `target`. */
function walk(
  weights: Float64Array,
  ids: readonly number[] | undefined,
  target: number,
): number | undefined {
  let sum = 0
  const count = ids?.length ?? weights.length
  for (let i = 0; i < count; i++) {
    const id = ids === undefined ? i : ids[i]!
    sum += weights[id]!
    if (sum > target) return id
  }
  return undefined
}

/** The fewest of the likeliest tokens that have `topP` of the weight together. */
function nucleus(weights: Float64Array, total: number, topP: number) {
  // Those below the mean of what may be left out are never among them: few are left to be sorted.
  const least = total * (1 - topP) / weights.length
  const ids: number[] = []
  for (let id = 0; id < weights.length; id++) if (weights[id]! > least) ids.push(id)
  ids.sort((a, b) => weights[b]! - weights[a]! || a - b)
  let weight = 0
  let count = 0
  while (count < ids.length && weight < topP * total) weight += weights[ids[count++]!]!
  return { ids: ids.slice(0, count), weight }
}

/** In [0, 1), evenly spread: two rounds of the mixing of MurmurHash3 for each half. */
function randomOf(seed: number, index: number): number {
  const high = mixed(mixed(seed ^ 0x9e3779b9) + Math.imul(index, 0x85ebca6b))
  const low = mixed(high ^ Math.imul(index + 1, 0x27d4eb2f))
  return (high * 2 ** 21 + (low >>> 11)) / 2 ** 53
}

function mixed(value: number): number {
  let bits = value | 0
  bits = Math.imul(bits ^ bits >>> 16, 0x85ebca6b)
  bits = Math.imul(bits ^ bits >>> 13, 0xc2b2ae35)
  return (bits ^ bits >>> 16) >>> 0
}
