/**
 * Held-back scenes as JPEGs. The last two become samples of the demo.
 *
 * @module
 */
import { createCanvas } from '@napi-rs/canvas'
import { join } from 'node:path'
import type { Index, Thing } from '../held_back.ts'

const QUALITY = 70
const KINDS = ['clothes', 'shoe', 'bag', 'tag']
const SAMPLES = ['shelf.jpg', 'shelf-2.jpg']

interface Raw {
  width: number
  height: number
  firstSeed: number
  scenes: [kind: number, what: string, box: Thing['box']][][]
}

/** @param folder where `held_back.py` wrote them */
export async function pack(folder: string): Promise<void> {
  const raw: Raw = JSON.parse(await Deno.readTextFile(join(folder, 'labels.json')))
  const pixels = await Deno.readFile(join(folder, 'scenes.rgb'))
  const { width, height, firstSeed, scenes } = raw

  async function jpegOf(at: number): Promise<Uint8Array> {
    const canvas = createCanvas(width, height)
    const context = canvas.getContext('2d')
    const image = context.createImageData(width, height)
    for (let i = 0, from = at * width * height * 3; i < image.data.length; i += 4, from += 3) {
      image.data.set(pixels.subarray(from, from + 3), i)
      image.data[i + 3] = 255
    }
    context.putImageData(image, 0, 0)
    return new Uint8Array(await canvas.encode('jpeg', QUALITY))
  }

  const out = new URL('../', import.meta.url)
  const samples = new URL('../../../demo/samples/', import.meta.url)
  const index: Index = { width, height, firstSeed, kinds: KINDS, scenes: [] }
  const files: Uint8Array[] = []
  for (const [at, things] of scenes.entries()) {
    const bytes = await jpegOf(at)
    const sample = SAMPLES[at - scenes.length + SAMPLES.length]
    if (sample === undefined) {
      files.push(bytes)
      index.scenes.push({ bytes: bytes.length, things })
      continue
    }
    await Deno.writeFile(new URL(sample, samples), bytes)
    const text = things.map(([kind, what, box]) => `${KINDS[kind]} ${what} ${box.join(' ')}\n`)
    await Deno.writeTextFile(new URL(sample.replace('.jpg', '.txt'), samples), text.join(''))
  }
  await Deno.writeFile(
    new URL('held-back.bin', out),
    new Uint8Array(await new Blob(files as BlobPart[]).arrayBuffer()),
  )
  const lines = index.scenes.map((scene) => `    ${JSON.stringify(scene)}`)
  const head = JSON.stringify({ ...index, scenes: [] }).replace('[]}', '[\n')
  await Deno.writeTextFile(new URL('held-back.json', out), `${head}${lines.join(',\n')}\n]}\n`)
}
