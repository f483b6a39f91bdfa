/** Pictures that tell something in each place that a file has for it, and in some that it has not. */
import { deflateSync } from 'node:zlib'
import { chunk as pngChunk, tiff } from '../stages/turned_png.ts'
import { WRITTEN } from './written_pictures.ts'

export const SECRET = 'SECRET-of-Jane'
const secret = new TextEncoder().encode(SECRET)
const ascii = (text: string) => new TextEncoder().encode(text)
export const join = (...parts: ArrayLike<number>[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(parts.flatMap((part) => Array.from(part)))
const u16 = (n: number) => [n >> 8, n & 255]
const u32 = (n: number) => [n >>> 24, n >>> 16 & 255, n >>> 8 & 255, n & 255]
const zeros = (count: number) => new Uint8Array(count)

export interface Told {
  name: string
  bytes: Uint8Array<ArrayBuffer>
  /** Its pixels are of no use to anybody without what it tells: it is refused. */
  refused?: true
}

const segment = (marker: number, ...body: ArrayLike<number>[]) => {
  const whole = join(...body)
  return join([0xff, marker], u16(whole.length + 2), whole)
}

/** Places in a JPEG: before its frame, and of each scan its start and the end of its data. */
function placesIn(jpeg: Uint8Array) {
  const scans: { at: number; end: number }[] = []
  let frame = 0
  for (let at = 2; jpeg[at + 1] !== 0xd9;) {
    const marker = jpeg[at + 1]!
    const start = at
    at += 2 + jpeg[at + 2]! * 256 + jpeg[at + 3]!
    if (marker === 0xc0 || marker === 0xc2) frame = start
    if (marker !== 0xda) continue
    while (jpeg[at] !== 0xff || jpeg[at + 1] === 0 || (jpeg[at + 1]! & 0xf8) === 0xd0) at++
    scans.push({ at: start, end: at })
  }
  return { frame, scans }
}

function jpegs(): Told[] {
  const plain = WRITTEN['grey.jpg']
  const steps = WRITTEN['progressive.jpg']
  const told: Told[] = []
  const at = (jpeg: Uint8Array, place: number, ...parts: ArrayLike<number>[]) =>
    join(jpeg.subarray(0, place), ...parts, jpeg.subarray(place))
  const add = (name: string, bytes: Uint8Array<ArrayBuffer>, refused?: true) =>
    told.push({ name: `JPEG, ${name}`, bytes, ...refused && { refused } })
  const { frame, scans: [scan] } = placesIn(plain)
  const stepped = placesIn(steps)
  const jfif = [1, 1, 0, 0, 1, 0, 1]
  const rest = plain.subarray(20)
  const first = (...parts: ArrayLike<number>[]) => join(plain.subarray(0, 2), ...parts, rest)

  add('bytes behind JFIF', first(segment(0xe0, ascii('JFIF\0'), jfif, [0, 0], secret)))
  add('a thumbnail in JFIF', first(segment(0xe0, ascii('JFIF\0'), jfif, [1, 5], secret, [0])))
  add('JFXX', at(plain, 20, segment(0xe0, ascii('JFXX\0'), [0x10], secret)))
  add('CIFF', at(plain, 2, segment(0xe0, ascii('II'), zeros(4), ascii('HEAPJPGM'), secret)))
  add('AVI1 in APP0', at(plain, 20, segment(0xe0, ascii('AVI1'), secret)))
  add('a foreign APP14', at(plain, 20, segment(0xee, secret)))
  add('bytes behind Adobe', at(plain, 20, segment(0xee, ascii('Adobe'), zeros(7), secret)))
  add("Adobe's, flags that say much", at(plain, 20, segment(0xee, ascii('Adobe'), secret)))
  for (const app of [1, 2, 3, 4, 7, 10, 11, 12, 13, 15]) {
    add(`APP${app}`, at(plain, 20, segment(0xe0 + app, secret)))
  }
  add('XMP', at(plain, 2, segment(0xe1, ascii('http://ns.adobe.com/xap/1.0/\0'), secret)))
  add('EXIF', at(plain, 2, segment(0xe1, ascii('Exif\0\0'), tiff(1, true, SECRET))))
  add('a comment', at(plain, frame, segment(0xfe, secret)))
  add('a comment before the first scan', at(plain, scan!.at, segment(0xfe, secret)))
  add('a comment behind the last scan', at(plain, scan!.end, segment(0xfe, secret)))
  add('APP1 between scans', at(steps, stepped.scans[2]!.end, segment(0xe1, secret)))
  add('APP14 between scans', at(steps, stepped.scans[2]!.end, segment(0xee, secret)))
  add('APP0 behind the scans', at(plain, scan!.end, segment(0xe0, secret)))
  add('number of lines that says more', at(plain, scan!.end, segment(0xdc, u16(14), secret)))
  add('conditions of a code that is not used', at(plain, frame, segment(0xcc, secret)))
  add('bytes between segments', at(plain, frame, secret))
  add('bytes between scans', at(steps, stepped.scans[2]!.at, secret))
  add('bytes behind the end', join(plain, secret))
  add('a picture behind the end', join(plain, plain.subarray(0, 20), segment(0xfe, secret), rest))
  add('a segment of no standard', at(plain, frame, segment(0xf3, secret)), true)
  add('a segment of a reserved marker', at(plain, frame, segment(0x42, secret)), true)
  add('a table that is longer than it says', at(plain, frame, segment(0xdb, secret)), true)
  add('codes that are more than they say', at(plain, frame, segment(0xc4, zeros(17), secret)), true)
  add('a restart interval that says more', at(plain, frame, segment(0xdd, u16(0), secret)), true)
  const scanHead = plain.subarray(scan!.at + 4, scan!.at + 10)
  const longScan = join(
    plain.subarray(0, scan!.at),
    segment(0xda, scanHead, secret),
    plain.subarray(scan!.at + 10),
  )
  add('a scan that says more', longScan, true)
  add(
    'a frame that says more',
    join(
      plain.subarray(0, frame),
      segment(0xc0, plain.subarray(frame + 4, frame + 13), secret),
      plain.subarray(frame + 13),
    ),
    true,
  )
  const talking = at(plain, 20, segment(0xe1, secret))
  for (
    const [name, bytes] of Object.entries({
      'cut in its data': talking.subarray(0, -10),
      'cut before its end': talking.subarray(0, -2),
      'cut in a segment': join(talking, [0]).subarray(0, frame + 40),
      'a segment longer than the file': join(talking.subarray(0, -2), [0xff, 0xc4, 0x7f, 0xff]),
      'a segment of no length': join(talking.subarray(0, -2), [0xff, 0xc4, 0, 0]),
    })
  ) add(name, join(bytes), true)
  return told
}

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10)
const headOf = (depth: number, type: number, interlace = 0) =>
  pngChunk('IHDR', [...u32(3), ...u32(2), depth, type, 0, 0, interlace])
/** Bytes of a row for each colour type, of eight bits. */
const CHANNELS: { [type: number]: number } = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
const dataOf = (type: number) =>
  pngChunk(
    'IDAT',
    deflateSync(Uint8Array.from(
      { length: 2 * (1 + 3 * CHANNELS[type]!) },
      (_, i) => i % (1 + 3 * CHANNELS[type]!) === 0 ? 0 : i % (type === 3 ? 4 : 256),
    )),
  )
const END = pngChunk('IEND', [])
const PALETTE = pngChunk('PLTE', [0, 0, 0, 255, 0, 0, 0, 255, 0, 9, 9, 99])

function pngs(): Told[] {
  const told: Told[] = []
  const add = (name: string, bytes: Uint8Array<ArrayBuffer>, refused?: true) =>
    told.push({ name: `PNG, ${name}`, bytes, ...refused && { refused } })
  const of = (type: number, ...before: Uint8Array[]) =>
    join(PNG, headOf(8, type), ...type === 3 ? [PALETTE] : [], ...before, dataOf(type), END)
  for (
    const name of ['tEXt', 'zTXt', 'iTXt', 'tIME', 'iCCP', 'sPLT', 'pHYs', 'eXIf', 'bKGD', 'hIST']
  ) add(name, of(2, pngChunk(name, secret)))
  for (const name of ['gAMA', 'cHRM', 'sRGB', 'cICP', 'mDCV', 'cLLI', 'gIFg', 'sTER', 'prVt']) {
    add(name, of(2, pngChunk(name, secret)))
  }
  for (const type of [0, 2, 3, 4, 6]) {
    add(`sBIT of type ${type}`, of(type, pngChunk('sBIT', secret)))
  }
  add('cHRM as long as it is', of(2, pngChunk('cHRM', join(secret, zeros(32 - secret.length)))))
  add('transparency of grey that says more', of(0, pngChunk('tRNS', join([0, 1], secret))))
  add('transparency of RGB that says more', of(2, pngChunk('tRNS', join(zeros(6), secret))))
  const allColours = Uint8Array.from({ length: 256 }, (_, i) => i)
  add('transparency of more colours', of(3, pngChunk('tRNS', join(allColours, secret, [0]))))
  const colours = Uint8Array.from({ length: 768 }, (_, i) => i % 251)
  const longPalette = pngChunk('PLTE', join(colours, secret, [0]))
  add('more colours than it can have', join(PNG, headOf(8, 3), longPalette, dataOf(3), END))
  add('a palette of RGB', of(2, pngChunk('PLTE', join(secret, [0]))))
  add('a palette of grey', of(0, pngChunk('PLTE', join(secret, [0]))))
  add('words behind the pixels', join(PNG, headOf(8, 2), dataOf(2), pngChunk('tEXt', secret), END))
  const half = dataOf(2).subarray(8, -4)
  const parts = [half.subarray(0, 9), half.subarray(9)].map((part) => pngChunk('IDAT', part))
  add(
    'words between the pixels',
    join(PNG, headOf(8, 2), parts[0]!, pngChunk('tEXt', secret), parts[1]!, END),
  )
  const frames = [pngChunk('acTL', [...u32(1), ...u32(0)]), pngChunk('fdAT', join(u32(1), secret))]
  add('frames of an animation', join(PNG, headOf(8, 2), frames[0]!, dataOf(2), frames[1]!, END))
  add('bytes behind the end', join(of(2), secret))
  add('an end that says more', join(of(2).subarray(0, -12), pngChunk('IEND', secret)))
  add('a chunk of its own that is critical', of(2, pngChunk('PRVT', secret)), true)
  add(
    'a head that says more',
    join(
      PNG,
      pngChunk('IHDR', join([...u32(3), ...u32(2), 8, 2, 0, 0, 0], secret)),
      dataOf(2),
      END,
    ),
    true,
  )
  const again = join(PNG, headOf(8, 2), headOf(8, 2), pngChunk('tEXt', secret), dataOf(2), END)
  add('two heads', again, true)
  const twice = pngChunk('tRNS', zeros(6))
  add('two transparencies', of(2, twice, twice, pngChunk('tEXt', secret)), true)
  const talking = of(2, pngChunk('tEXt', secret))
  for (
    const [name, bytes] of Object.entries({
      'cut in its data': talking.subarray(0, -20),
      'without its end': talking.subarray(0, -12),
      'without pixels': join(PNG, headOf(8, 2), pngChunk('tEXt', secret), END),
      'a chunk longer than the file': join(
        talking.subarray(0, -12),
        u32(9999),
        ascii('IDAT'),
        zeros(9),
      ),
    })
  ) add(name, join(bytes), true)
  return told
}

const le = (n: number) => u32(n).reverse()
const riffChunk = (name: string, ...body: ArrayLike<number>[]) => {
  const whole = join(...body)
  return join(ascii(name), le(whole.length), whole, whole.length % 2 ? [0] : [])
}
const riff = (...chunks: Uint8Array[]) => {
  const whole = join(...chunks)
  return join(ascii('RIFF'), le(4 + whole.length), ascii('WEBP'), whole)
}

function webps(): Told[] {
  const told: Told[] = []
  const add = (name: string, bytes: Uint8Array<ArrayBuffer>, refused?: true) =>
    told.push({ name: `WebP, ${name}`, bytes, ...refused && { refused } })
  const lossy = WRITTEN['lossy.webp'].subarray(12)
  const [width, height] = [19, 13]
  const extended = (flags: number, ...more: ArrayLike<number>[]) =>
    riffChunk('VP8X', [flags, 0, 0, 0, width, 0, 0, height, 0, 0], ...more)
  const words = (name: string) => riffChunk(name, secret)
  add('EXIF', riff(extended(0x08), lossy, words('EXIF')))
  add('XMP', riff(extended(0x04), lossy, words('XMP ')))
  add('a profile', riff(extended(0x20), words('ICCP'), lossy))
  add('a chunk of its own', riff(extended(0), lossy, words('prVt')))
  add('a chunk of its own before the pixels', riff(extended(0), words('prVt'), lossy))
  add('a simple file with more', riff(lossy, words('EXIF')))
  add('a head that says more', riff(extended(0x08, secret), lossy))
  add('a second picture', riff(lossy, words('VP8 ')))
  add('a second lossless picture', riff(lossy, words('VP8L')))
  add('transparency behind the pixels', riff(extended(0x10), lossy, words('ALPH')))
  add('transparency of a simple file', riff(words('ALPH'), lossy), true)
  add('frames of an animation', riff(extended(0), lossy, words('ANIM'), words('ANMF')))
  add('a second head', riff(extended(0), words('VP8X'), lossy))
  add('bytes behind the end', join(riff(lossy), secret))
  const short = riff(extended(0x08), lossy, words('EXIF'))
  const sized = (size: number) => {
    const bytes = short.slice()
    new DataView(bytes.buffer).setUint32(4, size, true)
    return bytes
  }
  add('a size that ends behind the pixels', sized(4 + 18 + lossy.length))
  add('a size that ends within a chunk behind them', sized(4 + 18 + lossy.length + 12))
  add('a size that ends within the pixels', sized(4 + 18 + 20), true)
  add('a size larger than the file', sized(short.length + 100), true)
  add('a size of nearly all there is', sized(0xfffffffe), true)
  add(
    'cut in its words',
    join(riff(lossy, riffChunk('EXIF', secret, secret)).subarray(0, -4)),
    true,
  )
  add('without pixels', riff(extended(0x08), words('EXIF')), true)
  add('an animation', riff(WRITTEN['animated.webp'].subarray(12), words('EXIF')), true)
  add(
    'a chunk longer than the file',
    riff(extended(0), join(ascii('prVt'), le(9999), secret)),
    true,
  )
  return told
}

export const TOLD: Told[] = [...jpegs(), ...pngs(), ...webps()]
