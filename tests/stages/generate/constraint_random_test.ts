/** Whatever is said within a schema's masks fits the schema, by the rules of another program. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { compileSchema } from '../../../src/stages/generate/constraint/constraint.ts'
import type { Tokenizer } from '../../../src/stages/generate/types.ts'
import { accepts, bytes, randomOf, randomSchema, walk, wordsTokenizer } from './schemas.ts'

const WORDS = wordsTokenizer([
  ...['{"', '":', '","', '"}', '":"', '},{', ']}', 'a', 'ab', '12', '0.5', 'null', 'true', 'e1'],
  ...[' the', ' 漢字', 'é', '\\"', '\\u00', '"a":', ',"b":', '-1', '2026', '-02', '@x.ch', '""'],
])

function checkRandom(tokenizer: Tokenizer, seeds: number, walks: number): void {
  const ajv = new Ajv2020({ strict: false })
  for (let seed = 0; seed < seeds; seed++) {
    const random = randomOf(seed)
    const schema = randomSchema(random)
    const make = compileSchema(schema, tokenizer)
    const fits = ajv.compile(schema)
    for (let i = 0; i < walks; i++) {
      const text = walk(make, tokenizer, random)
      const value = JSON.parse(text)
      ok(
        fits(value),
        `${text} does not fit ${JSON.stringify(schema)}: ${ajv.errorsText(fits.errors)}`,
      )
      ok(accepts(make, tokenizer, text), `${text} is taken by ${JSON.stringify(schema)}`)
      // As programs write it; numbers they may write with more digits than are kept to.
      const plain = JSON.stringify(value)
      if (!/[eE]|\d{15}/.test(text)) {
        ok(accepts(make, tokenizer, plain), `${plain} is taken by ${JSON.stringify(schema)}`)
      }
    }
  }
}

Deno.test('random answers of bytes within random schemas fit them', () =>
  checkRandom(bytes, 300, 4))

Deno.test('random answers of words within random schemas fit them', () =>
  checkRandom(WORDS, 200, 3))

Deno.test('a token of a larger vocabulary may come exactly where its bytes may, one after the other', () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = randomOf(seed)
    const make = compileSchema(randomSchema(random), WORDS)
    const said: number[] = []
    const inOrder = (ids: readonly number[]) => {
      const constraint = make()
      for (const id of ids) {
        if (constraint.mask()[id] !== 1) return false
        constraint.accept(id)
      }
      return true
    }
    for (let steps = 0; steps < 15; steps++) {
      const constraint = make()
      for (const id of said) constraint.accept(id)
      const mask = constraint.mask()
      for (let id = 256; id < WORDS.size - 1; id++) {
        const expected = inOrder([...said, ...WORDS.bytesOf(id)])
        equal(mask[id] === 1, expected, `${id} after ${said} of seed ${seed}`)
      }
      const able = [...mask.keys()].filter((id) => mask[id] === 1 && !WORDS.ends.includes(id))
      if (able.length === 0) break
      said.push(random.pick(able))
    }
  }
})

Deno.test('what may come does not depend on what was said before by others', () => {
  const schema = randomSchema(randomOf(7))
  const warm = compileSchema(schema, WORDS)
  for (let i = 0; i < 50; i++) walk(warm, WORDS, randomOf(i))
  const fresh = compileSchema(schema, WORDS)
  deepEqual(walk(warm, WORDS, randomOf(99)), walk(fresh, WORDS, randomOf(99)))
})
