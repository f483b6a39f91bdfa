/**
 * What a pipeline like `ocr` reads on rendered receipts: rows as printed and rows as read, a JSON a
 * line: `deno run -A profiles/receipt/train/read.ts --url http://localhost:8787 --count 100 > FILE`.
 *
 * It asks a coordinator that runs. For one recogniser alone, serve a copy of `profiles/ocr` whose
 * file names no other variant.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import type { Point } from '../../../src/stages/box.ts'
import { textOfFound } from '../../../src/stages/generate/rows.ts'
import { makeReceipt, randomOf } from '../../fields/receipts.ts'
import { openStudio } from '../../ocr/canvas.ts'
import { lookOf, renderReceipt } from '../render.ts'

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://localhost:8787' },
    pipeline: { type: 'string', default: 'ocr' },
    seed: { type: 'string', default: '7' },
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '10' },
    world: { type: 'string', default: 'training' },
  },
})

interface Reply {
  outputs: { lines: { text: string; box: Point[] }[] }
  path: { recognise: { [variant: string]: number } }
}

async function read(picture: Uint8Array): Promise<Reply> {
  const response = await fetch(`${values.url}/v1/pipelines/${values.pipeline}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': '60000' },
    body: picture as Uint8Array<ArrayBuffer>,
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`Cannot read: received ${response.status} ${text}`)
  return JSON.parse(text) as Reply
}

const studio = await openStudio()
if ('skip' in studio) throw new Error(`Cannot draw: ${studio.skip}`)
const world = values.world === 'training' ? 'training' : 'held-back'
for (let n = 0; n < Number(values.count); n++) {
  const random = randomOf(Number(values.seed), Number(values.from) + n)
  const receipt = makeReceipt(random, { world, ascii: true })
  const photo = await renderReceipt(studio, receipt, random, lookOf(random, world))
  const { outputs, path } = await read(photo.bytes)
  // That of most lines, should there be several.
  const [name] = Object.entries(path.recognise).sort(([, a], [, b]) => b - a)[0] ?? ['']
  const printed = receipt.rows.map(({ runs }) => runs.map((run) => run.trim()))
  const rows = textOfFound(outputs.lines).split('\n').map((row) => row.split('\t'))
  console.log(JSON.stringify({ name, printed, read: rows, fields: receipt.fields }))
}
