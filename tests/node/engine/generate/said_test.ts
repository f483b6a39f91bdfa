/** What is said of an answer while it grows: each character once, when it is certain. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import type { Said } from '../../../../src/pipeline/generate.ts'
import { EURO, FACE, generated, LONE, scene, script, tokenizer } from './scene.ts'

const { encode } = tokenizer

/** Fails unless each delta begins where the one before ended. */
function joined(said: readonly Said[], from = 0, at = 0): { text: string; ids: number[] } {
  let text = ''
  const ids: number[] = []
  for (const one of said) {
    deepEqual([one.from, one.at], [from + ids.length, at + text.length])
    text += one.text
    ids.push(...one.ids)
  }
  return { text, ids }
}

Deno.test('deltas make the whole answer, a token each where it is told at once', async () => {
  const { ask } = await scene({ task: { stop: ['qq', 'ab'] } })
  for (const temperature of [0, 1]) {
    const asked = ask('tell me more', { item: 3, ask: { temperature, seed: 5 } })
    const { text, ids } = generated(await asked)
    deepEqual(joined(asked.said), { text, ids })
    ok(asked.said.every(({ item }) => item === 3))
    ok(asked.said.length >= ids.length)
  }
})

Deno.test('what is said is told together where it comes fast, and the end at once', async () => {
  const { ask, clock } = await scene({
    tellMs: 20,
    rest: () => {
      clock.ms += 6
      return undefined
    },
  })
  const asked = ask('p', { constraint: script(encode('abcdefghij')) })
  equal(generated(await asked).text, 'abcdefghij')
  deepEqual(asked.said.map(({ text }) => text), ['a', 'bcde', 'fghi', 'j'])
})

Deno.test('a character is told when its last byte is there', async () => {
  const { ask } = await scene()
  const asked = ask('p', { constraint: script([...encode('a'), ...EURO, ...FACE]) })
  equal(generated(await asked).text, 'a\u20ac\u{1f600}')
  deepEqual(asked.said.map(({ text }) => text), ['a', '', '', '\u20ac', '', '', '', '\u{1f600}'])
  deepEqual(joined(asked.said).text, 'a\u20ac\u{1f600}')
})

Deno.test('bytes that are no text become U+FFFD when that is certain, as a decoder has it', async () => {
  const { ask } = await scene()
  const texts = [
    [LONE, ...encode('a')],
    [EURO[0]!, ...encode('a')],
    [EURO[0]!, EURO[1]!, LONE],
    [...FACE.slice(0, 3)],
    [FACE[0]!, EURO[0]!, ...EURO],
    [EURO[1]!, FACE[3]!],
  ]
  for (const ids of texts) {
    const asked = ask('p', { constraint: script(ids) })
    const bytes = Uint8Array.from(ids.flatMap((id) => [...tokenizer.bytesOf(id)]))
    const { text } = generated(await asked)
    equal(text, new TextDecoder().decode(bytes))
    equal(joined(asked.said).text, text)
  }
})

Deno.test('a stop string ends an answer before it, across tokens, and is never told', async () => {
  const { ask } = await scene({ task: { stop: ['END'.toLowerCase()] } })
  const stop = async (text: string, stops: string[] = []) => {
    const asked = ask('p', { constraint: script(encode(text)), ask: { stop: stops } })
    const answer = generated(await asked)
    const told = joined(asked.said)
    equal(told.text, answer.text)
    deepEqual(told.ids, answer.ids)
    return [
      answer.text,
      answer.finish,
      answer.ids.length,
      asked.said.map((one) => one.text).join('|'),
    ]
  }
  deepEqual(await stop('now the end is near'), ['now the ', 'stop', 10, 'n|o|w| |t|h||e ||'])
  // What turns out to begin no stop string comes later.
  deepEqual(await stop('xene'), ['xene', 'stop', 4, 'x|||ene'])
  deepEqual(await stop('aaab.', ['aab']), ['a', 'stop', 3, '||a'])
  deepEqual(await stop('xyz', ['yz', 'y']), ['x', 'stop', 1, 'x'])
})

Deno.test('an answer that goes on elsewhere is the one that nobody disturbed', async () => {
  const cases = [
    { ask: {} },
    { ask: { temperature: 1.2, topP: 0.8, seed: 11 } },
    { ask: { temperature: 1, seed: 4, stop: ['e', 'th'] } },
    { ask: {}, ids: [...encode('{"a":"'), ...EURO, ...FACE, LONE, ...encode('"}')] },
    { ask: { stop: ['bcx', 'cda'] }, ids: encode('abcabcdabcd') },
  ]
  for (const { ask: asked, ids } of cases) {
    const constraint = () =>
      ids === undefined ? {} : { constraint: script(ids, (at) => at % 3 === 1 && at < ids.length) }
    const { ask } = await scene()
    const whole = ask('go on', { ask: asked, ...constraint() })
    const expected = generated(await whole)
    for (const [n, { from, ids: more, at, text }] of whole.said.entries()) {
      const said = expected.ids.slice(0, from + more.length)
      const other = await scene({ layout: { kind: 'slot', readsBefore: true }, chunk: 3 })
      const resumed = other.ask('go on', { ask: asked, said, ...constraint() })
      deepEqual(generated(await resumed), expected)
      // The last one told what had been withheld, too: it is told again, at its place.
      const isLast = n === whole.said.length - 1
      const { text: rest } = joined(
        resumed.said,
        said.length,
        isLast ? resumed.said[0]?.at ?? 0 : at + text.length,
      )
      if (!isLast) equal(expected.text.slice(0, at + text.length) + rest, expected.text)
      else ok(expected.text.endsWith(rest))
    }
  }
})

Deno.test('an answer of which all was said has its result without a run', async () => {
  const { ask, runs } = await scene({ task: { maxTokens: 3 } })
  const said = encode('abc')
  const one = ask('p', { said })
  deepEqual(generated(await one), {
    ...{ text: 'abc', ids: said, finish: 'length', promptTokens: 1, completionTokens: 3 },
  })
  deepEqual(runs, [])
  deepEqual(one.said, [])
})
