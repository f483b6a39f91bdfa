import assert from 'node:assert/strict'
import { greedyCtc, joinReadings } from '../../src/stages/ctc.ts'

/** Probabilities for a string of steps: '_' is blank, all else itself; `sure` goes to it. */
function steps(text: string, sure = 0.9, space?: readonly number[]): Float32Array {
  const data = new Float32Array(text.length * 96)
  for (let t = 0; t < text.length; t++) {
    const c = text[t]!
    data[t * 96 + (c === '_' ? 0 : c.charCodeAt(0) - 0x1f)] = sure
    if (space?.[t] !== undefined) data[t * 96 + 1] = space[t]!
  }
  return data
}

const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i))
const read = (data: Float32Array) => greedyCtc(data, 0, data.length / 96, ascii)

Deno.test('greedyCtc() merges repeats and drops blanks', () => {
  assert.equal(read(steps('__hheel_llo__')).text, 'hello')
})

Deno.test('greedyCtc() keeps a double letter with a blank between', () => {
  assert.equal(read(steps('a_a')).text, 'aa')
  assert.equal(read(steps('aaa')).text, 'a')
})

Deno.test('greedyCtc() knows every printable character', () => {
  const data = new Float32Array(95 * 96)
  for (let t = 0; t < 95; t++) data[t * 96 + t + 1] = 1
  assert.equal(read(data).text, ascii.join('').trimStart())
})

/** Each class in turn at 0.9, with `second` of some class beside it. */
function classes(alphabet: readonly string[], best: number[], second: [step: number, k: number][]) {
  const width = alphabet.length + 1
  const data = new Float32Array(best.length * width)
  best.forEach((k, t) => data[t * width + k] = 0.9)
  for (const [t, k] of second) data[t * width + k] = 0.08
  return greedyCtc(data, 0, best.length, alphabet).text
}

Deno.test('greedyCtc() reads in any alphabet, a character of two code units as one', () => {
  const alphabet = [...' ąß𝛼ễ']
  assert.equal(classes(alphabet, [2, 3, 0, 4, 5], []), 'ąß𝛼ễ')
})

Deno.test('greedyCtc() looks for the space where the alphabet has it, and adds none without', () => {
  assert.equal(classes([...'ab '], [1, 0, 2], [[1, 3]]), 'a b')
  assert.equal(classes([...'ab '], [1, 3, 2], []), 'a b')
  assert.equal(classes([...'ab '], [1, 0, 2], [[1, 1]]), 'ab')
  assert.equal(classes([...'xab'], [2, 0, 3], [[1, 1]]), 'ab')
})

Deno.test('greedyCtc() puts back a space that a blank narrowly beat', () => {
  assert.equal(read(steps('ab__cd', 0.9, [0, 0, 0.08])).text, 'ab cd')
  assert.equal(read(steps('ab__cd', 0.9, [0, 0, 0.001])).text, 'abcd')
  assert.equal(read(steps('__cd__', 0.9, [0.3, 0, 0, 0, 0.3])).text, 'cd')
})

Deno.test('greedyCtc() never gives two spaces in a row', () => {
  assert.equal(read(steps('a _ _ b')).text, 'a b')
})

Deno.test('greedyCtc() gives the mean probability, and 0 for nothing', () => {
  assert.ok(Math.abs(read(steps('a_b', 0.8)).confidence - 0.8) < 1e-6)
  assert.deepEqual(read(steps('____')), { text: '', confidence: 0, length: 0 })
})

Deno.test('joinReadings() joins pieces with a space and weighs their confidence by length', () => {
  const joined = joinReadings([
    { text: 'one ', confidence: 0.9, length: 3 },
    { text: '', confidence: 0, length: 0 },
    { text: 'x', confidence: 0.5, length: 1 },
  ])
  assert.equal(joined.text, 'one x')
  assert.ok(Math.abs(joined.confidence - 0.8) < 1e-9)
})
