/** Forms are read the same however their bytes are cut, and hold the names that senders write. */
import assert from 'node:assert/strict'
import { createFormReader } from '../../src/coordinator/http/bodies/multipart.ts'
import { encode } from './raw_socket.ts'

const TYPE = 'multipart/form-data; boundary=b'

/** The parts of a form that comes in these pieces. */
function partsOf(pieces: readonly Uint8Array[]) {
  const reader = createFormReader(TYPE)
  const parts: { name: string; fileName: string | undefined; text: string }[] = []
  const ends: number[] = []
  for (const piece of pieces) {
    for (const event of reader.read(piece)) {
      if (event.type === 'part') parts.push({ ...event.head, text: '' })
      else if (event.type === 'end') ends.push(parts.length)
      else parts.at(-1)!.text += new TextDecoder('latin1').decode(event.bytes)
    }
  }
  reader.end()
  assert.deepEqual(ends, parts.map((_, i) => i + 1), 'each part ends before the next begins')
  return parts
}

Deno.test('a form is read the same in whatever pieces it comes', () => {
  const body = encode(
    'for old readers\r\n--b \t\r\ncontent-disposition: form-data; name=a\r\n\r\n\r\n' +
      '--b\r\nContent-Type: text/plain\r\n' +
      'Content-Disposition: form-data; name="f"; filename="x.txt"\r\n\r\n' +
      'near a mark: \r\n--\r\n\r\r\n--c\r\n\r\n--b--\r\nand something behind',
  )
  const whole = [
    { name: 'a', fileName: undefined, text: '' },
    { name: 'f', fileName: 'x.txt', text: 'near a mark: \r\n--\r\n\r\r\n--c\r\n' },
  ]
  assert.deepEqual(partsOf([body]), whole)
  assert.deepEqual(partsOf(Array.from(body, (byte) => Uint8Array.of(byte))), whole)
  for (let at = 0; at <= body.length; at++) {
    assert.deepEqual(partsOf([body.subarray(0, at), body.subarray(at)]), whole, `cut at ${at}`)
  }
})

Deno.test('names of files come as browsers and other programs write them', () => {
  const cases: [written: string, name: string | undefined][] = [
    ['filename="a b; c.pdf"', 'a b; c.pdf'],
    ['filename=plain.pdf', 'plain.pdf'],
    ['filename=""', ''],
    ['filename="with \\"quotes\\" and \\\\.pdf"', 'with "quotes" and \\.pdf'],
    ["filename*=utf-8''%C3%A4.pdf", 'ä.pdf'],
    ['size=1', undefined],
  ]
  for (const [written, name] of cases) {
    const head = `content-disposition: form-data; name="f"; ${written}`
    const [part] = partsOf([encode(`--b\r\n${head}\r\n\r\nx\r\n--b--`)])
    assert.deepEqual(part, { name: 'f', fileName: name, text: 'x' }, written)
  }
})
