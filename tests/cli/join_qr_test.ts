/** The join link as a QR code on the terminal, read as a phone's camera would. */
import { equal } from 'node:assert/strict'
import { joinLink } from '../../src/cli/serve/join_lines.ts'
import { qrLines } from '../../src/cli/serve/join_qr.ts'
import jsqr from 'jsqr'

const read = jsqr as unknown as typeof jsqr.default

/** What a terminal shows: each character is two modules, one above the other; blocks are white on black. */
function photographed(lines: readonly string[], module = 4) {
  // deno-lint-ignore no-control-regex
  const rows = lines.map((line) => [...line.replaceAll(/\x1b\[[\d;]*m/g, '')])
  const isLight = (x: number, y: number) => {
    const character = rows[y >> 1]![x]
    return character === '█' || character === (y % 2 === 0 ? '▀' : '▄')
  }
  const width = rows[0]!.length * module
  const height = 2 * rows.length * module
  const data = new Uint8ClampedArray(4 * width * height).fill(255)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (isLight(Math.floor(x / module), Math.floor(y / module))) continue
      data.fill(0, 4 * (y * width + x), 4 * (y * width + x) + 3)
    }
  }
  return read(data, width, height, { inversionAttempts: 'dontInvert' })?.data
}

Deno.test('a phone joins by the QR code of the terminal, with the token in the fragment', () => {
  const url = 'http://localhost:8787'
  const token = 'node_aB3/+ and more'
  const link = joinLink(url, '192.0.2.7', ['pool.example'], { token })!
  equal(link, `http://pool.example:8787/node#t=${encodeURIComponent(token)}`)
  equal(photographed(qrLines(link)), link)
  const open = joinLink(url, '192.0.2.7', ['pool.example'])!
  equal(photographed(qrLines(open)), 'http://pool.example:8787/node')
})

Deno.test('there is no QR code where no other device can come in, or the token must not be shown', () => {
  equal(joinLink('http://localhost:8787', '127.0.0.1', []), undefined)
  equal(joinLink('http://h:1', '192.0.2.7', ['h'], { token: undefined }), undefined)
})
