/** The file of a batch: what is kept of its lines, and lines made to take time or memory. */
import assert from 'node:assert/strict'
import { OF_LINE, readLines } from '../../../src/coordinator/jobs/batch_lines.ts'

const ENDPOINT = '/v1/completions'
const encode = (text: string) => new TextEncoder().encode(text)

async function linesIn(content: string | Uint8Array) {
  const path = await Deno.makeTempFile()
  try {
    await Deno.writeFile(path, typeof content === 'string' ? encode(content) : content)
    return await readLines(path, ENDPOINT)
  } finally {
    await Deno.remove(path)
  }
}

async function refused(content: string | Uint8Array, reason: string, why: RegExp) {
  const lines = await linesIn(content)
  assert.ok(!lines.ok)
  assert.equal(lines.fault.reason, reason)
  assert.match(lines.fault.message, why)
}

const HEAD = `"method":"POST","url":"${ENDPOINT}"`

Deno.test('the id and the body of each line are found where they stand', async () => {
  const bodies = [
    '{"custom_id":"inner","body":{"body":1},"text":"\\"body\\":{"}',
    '{"prompt":"café \\\\"}',
    '{}',
    '{"last":true}',
    '{"list":[{"body":0},"}"]}',
  ]
  const lines = [
    `{"custom_id":"a",${HEAD},"body":${bodies[0]}}`,
    `  { "body" :\t${bodies[1]} , ${HEAD}, "custom_id"  :  "ü\\n" }  \r`,
    '',
    ' \t\r',
    `{"b\\u006fdy":${bodies[2]},"custom_id":"c",${HEAD}}`,
    // Of two the last counts, as in what is made of it.
    `{"custom_id":"x","body":{"first":true},"custom_id":"d","body":${bodies[3]},${HEAD}}`,
    `{"other":[{"custom_id":"y"},[]],"custom_id":"e",${HEAD},"body":${bodies[4]}}`,
  ]
  const content = lines.join('\n')
  const found = await linesIn(content)
  assert.ok(found.ok)
  const bytes = encode(content)
  const said = Array.from({ length: found.places.length / OF_LINE }, (_, i) => {
    const [idFrom, idTo, from, to] = found.places.subarray(i * OF_LINE)
    return [[idFrom, idTo], [from, to]].map((place) =>
      new TextDecoder().decode(bytes.subarray(...place))
    )
  })
  assert.deepEqual(
    said,
    ['"a"', '"ü\\n"', '"c"', '"d"', '"e"'].map((id, i) => [id, bodies[i]]),
  )
})

Deno.test('a line that holds more than the body of a call is refused before it is parsed', async () => {
  // None of them is JSON: whoever parsed it would say so.
  await refused('{'.repeat(65_537), 'invalid_input', /line 1 holds over 65536 objects and members/)
  await refused('['.repeat(65_537), 'too_large', /line 1 holds over 65536 elements/)
  const line = (id: string, more: string) => `{"custom_id":"${id}",${HEAD},"body":{${more}}}`
  const wide = Array.from({ length: 65_530 }, (_, i) => `"${i}":0`).join()
  await refused(
    `${line('a', wide)}\n${line('b', `${wide},"a":{},"b":{}`)}`,
    'invalid_input',
    /line 2 holds over 65536/,
  )
  // Marks within a text are none.
  assert.ok((await linesIn(line('a', `"prompt":"${'{[,:'.repeat(100_000)}"`))).ok)
})

Deno.test('a line of more bytes than a body may have is refused, with others behind it or not', async () => {
  const long = new Uint8Array(32 * 1024 * 1024 + 1).fill(0x78)
  await refused(long, 'too_large', /a line has over 33554432 bytes/)
  long[long.length - 1] = 10
  await refused(long, 'invalid_input', /line 1 is not JSON/)
})
