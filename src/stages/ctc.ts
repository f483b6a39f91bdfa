/**
 * Reading the output of a recogniser trained with connectionist temporal classification.
 *
 * @module
 */

export interface Reading {
  text: string
  /** Mean probability of the characters but spaces, 0..1; 0 for an empty text. */
  confidence: number
  /** Characters but spaces: the confidence is their mean. */
  length: number
}

/**
 * Probability from which on a space is read between two characters, though a blank is likelier.
 *
 * The network often sees a word gap and prefers the blank: without this most lost characters are
 * spaces. Chosen on generated pages; 0.01 to 0.05 are alike.
 */
const spaceThreshold = 0.03

/**
 * Greedy decoding: the likeliest class of each step, repeats merged, blanks (class 0) dropped,
 * spaces put back where blanks nearly were some, and never two in a row. An alphabet without a space
 * gets none.
 *
 * @param data `[steps, alphabet.length + 1]` probabilities from `offset` on
 * @param alphabet class `k > 0` is its `k`-th character
 */
export function greedyCtc(
  data: Float32Array,
  offset: number,
  steps: number,
  alphabet: readonly string[],
): Reading {
  const classes = alphabet.length + 1
  const spaceClass = alphabet.indexOf(' ') + 1
  let text = ''
  let sum = 0
  let length = 0
  let previous = 0
  let space = 0
  for (let t = 0; t < steps; t++) {
    const row = offset + t * classes
    let best = 0
    let top = data[row]!
    for (let k = 1; k < classes; k++) {
      const p = data[row + k]!
      if (p > top) {
        top = p
        best = k
      }
    }
    if (best === 0) {
      if (spaceClass > 0) space = Math.max(space, data[row + spaceClass]!)
    } else if (best !== previous) {
      const open = text !== '' && !text.endsWith(' ')
      if (best !== spaceClass) {
        if (open && space > spaceThreshold) text += ' '
        text += alphabet[best - 1]!
        sum += top
        length++
      } else if (open) text += ' '
      space = 0
    }
    previous = best
  }
  return { text, confidence: length === 0 ? 0 : sum / length, length }
}

/** Joins readings of consecutive pieces of one line. */
export function joinReadings(readings: readonly Reading[]): Reading {
  const filled = readings.map((r) => ({ ...r, text: r.text.trim() })).filter((r) => r.text !== '')
  const length = filled.reduce((sum, r) => sum + r.length, 0)
  const weighted = filled.reduce((sum, r) => sum + r.confidence * r.length, 0)
  return {
    text: filled.map((r) => r.text).join(' '),
    confidence: length === 0 ? 0 : weighted / length,
    length,
  }
}
