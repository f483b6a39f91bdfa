/**
 * A picture of a page as a PNG of at most 256 colours: a third of the bytes, and hardly to be told
 * apart, since a page has few colours and their shades.
 *
 * @module
 */
import { crc32, deflateSync } from 'node:zlib'

interface Pixels {
  width: number
  height: number
  /** RGBA. */
  data: Uint8ClampedArray | Uint8Array
}

const COLOURS = 256

interface Colour {
  rgb: [number, number, number]
  count: number
}

/** Median cut: the box of colours with the widest side, weighed by its pixels, is halved again. */
function paletteOf(colours: Colour[]): Colour['rgb'][] {
  const spread = (box: Colour[]) => {
    const widths = [0, 1, 2].map((channel) => {
      const values = box.map(({ rgb }) => rgb[channel]!)
      return Math.max(...values) - Math.min(...values)
    })
    const channel = widths.indexOf(Math.max(...widths))
    const total = box.reduce((sum, { count }) => sum + count, 0)
    return { box, channel, total, weight: widths[channel]! * Math.sqrt(total) }
  }
  const boxes = [spread(colours)]
  while (boxes.length < COLOURS) {
    const widest = boxes.reduce((a, b) => b.weight > a.weight ? b : a)
    if (widest.weight === 0) break
    const { box, channel, total } = widest
    box.sort((a, b) => a.rgb[channel]! - b.rgb[channel]!)
    let seen = 0
    const half = box.findIndex(({ count }) => (seen += count) >= total / 2)
    const at = Math.min(box.length - 1, Math.max(1, half))
    boxes.splice(boxes.indexOf(widest), 1, spread(box.slice(0, at)), spread(box.slice(at)))
  }
  // The commonest of a box, not its mean: what is flat keeps its very colour.
  return boxes.map(({ box }) => box.reduce((a, b) => b.count > a.count ? b : a).rgb)
}

function nearest(palette: readonly Colour['rgb'][], [r, g, b]: Colour['rgb']): number {
  let found = 0
  let least = Infinity
  palette.forEach((one, i) => {
    const apart = (one[0] - r) ** 2 + (one[1] - g) ** 2 + (one[2] - b) ** 2
    if (apart >= least) return
    least = apart
    found = i
  })
  return found
}

function chunk(type: string, data: Uint8Array): Uint8Array[] {
  const body = new Uint8Array([...new TextEncoder().encode(type), ...data])
  const ends = new DataView(new ArrayBuffer(8))
  ends.setUint32(0, data.length)
  ends.setUint32(4, crc32(body))
  return [new Uint8Array(ends.buffer, 0, 4), body, new Uint8Array(ends.buffer, 4, 4)]
}

export async function palettePng({ width, height, data }: Pixels): Promise<Uint8Array> {
  const counts = new Map<number, number>()
  const keyAt = (pixel: number) =>
    data[4 * pixel]! << 16 | data[4 * pixel + 1]! << 8 | data[4 * pixel + 2]!
  for (let i = 0; i < width * height; i++) counts.set(keyAt(i), (counts.get(keyAt(i)) ?? 0) + 1)
  const colours = [...counts].map(([key, count]): Colour => (
    { rgb: [key >> 16, key >> 8 & 255, key & 255], count }
  ))
  const palette = paletteOf(colours)
  const indices = new Map(
    colours.map(({ rgb }) => [rgb[0] << 16 | rgb[1] << 8 | rgb[2], nearest(palette, rgb)]),
  )
  const rows = new Uint8Array((width + 1) * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rows[y * (width + 1) + 1 + x] = indices.get(keyAt(y * width + x))!
    }
  }
  const header = new DataView(new ArrayBuffer(13))
  header.setUint32(0, width)
  header.setUint32(4, height)
  // Eight bits an index into a palette, no interlacing.
  header.setUint8(8, 8)
  header.setUint8(9, 3)
  const parts = [
    new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]),
    ...chunk('IHDR', new Uint8Array(header.buffer)),
    ...chunk('PLTE', new Uint8Array(palette.flat())),
    ...chunk('IDAT', deflateSync(rows, { level: 9 })),
    ...chunk('IEND', new Uint8Array()),
  ]
  return new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer())
}
