/**
 * Takes out of a part of a PDF what its pages do not use: documents often have one list of all their
 * fonts and pictures, which each page names as its own. What cannot be looked into is kept.
 *
 * @module
 */
import { type Dictionary, parseDictionary, readPlain, refOf, textOf } from '../pdf/plain_file.ts'
import type { PlainFile } from '../pdf/plain_file.ts'
import { createPdfWriter, joined, type Ref } from '../pdf/writer.ts'

/** Lists of resources that are large; of the others all is kept. */
const LISTS = ['XObject', 'Font']
/** Of content of one page; more is not looked into. */
const MOST_CONTENT_BYTES = 8 * 2 ** 20
/** What is unpacked is unpacked as a whole, and may be a thousand times as large. */
const FED_BYTES = 4096
/** Where this is all that a page takes, there is little to take out. */
const SMALL_PAGE_BYTES = 32 * 1024

/** There is something that cannot be looked into: all is kept. */
class Unclear extends Error {}

/** @param part as PDFium writes it */
export async function withoutUnused(
  part: Uint8Array<ArrayBuffer>,
  pages: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (part.length <= SMALL_PAGE_BYTES * pages) return part
  try {
    const plain = readPlain(part)
    const root = refOf(plain.base.trailer.get('Root'))!
    const tree = plain.read(refOf(plain.read(root)?.get('Pages')) ?? 0)
    for (const [, kid] of (tree?.get('Kids') ?? '').matchAll(/(\d+) \d+ R/g)) {
      await thinOut(plain, Number(kid))
    }
    return written(plain, root)
  } catch {
    // Whatever it is that this does not read, PDFium wrote it.
    return part
  }
}

async function thinOut(plain: PlainFile, ref: Ref): Promise<void> {
  const page = plain.edit(ref)
  if (page === undefined) throw new Unclear()
  const resources = dictionaryOf(plain, page.get('Resources'))
  const lists = new Map(LISTS.map((name) => [name, dictionaryOf(plain, resources.get(name))]))
  const fonts = [...lists.get('Font')!.values()].map((font) => dictionaryOf(plain, font))
  // Letters of these are drawn with what their page has.
  if (fonts.some((font) => font.get('Subtype') === '/Type3')) throw new Unclear()

  const used = new Set<string>()
  const contents = page.get('Contents') ?? ''
  const looked = new Set<Ref>()
  const list = refOf(contents) === undefined ? contents : plain.text(refOf(contents)!)
  const waiting = refsIn(list.startsWith('[') ? list.slice(0, list.indexOf(']')) : contents)
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (looked.has(next)) continue
    looked.add(next)
    for (const name of await namesIn(plain, next)) {
      used.add(name)
      // Forms may use what their page has.
      const drawn = refOf(lists.get('XObject')!.get(name))
      if (drawn !== undefined && plain.read(drawn)?.get('Subtype') === '/Form') waiting.push(drawn)
    }
  }
  for (const [name, list] of lists) {
    for (const entry of list.keys()) if (!used.has(entry)) list.delete(entry)
    if (list.size > 0) resources.set(name, textOf(list))
    else resources.delete(name)
  }
  page.set('Resources', textOf(resources))
}

const refsIn = (text: string): Ref[] =>
  [...text.matchAll(/(\d+) \d+ R/g)].map(([, ref]) => Number(ref))

/** A copy, wherever it stands. */
function dictionaryOf(plain: PlainFile, value: string | undefined): Dictionary {
  const ref = refOf(value)
  if (ref !== undefined) return plain.read(ref) ?? new Map()
  return value?.startsWith('<<') ? parseDictionary(value) : new Map()
}

/** All names in a stream of content: more than it draws, never less. */
async function namesIn(plain: PlainFile, ref: Ref): Promise<string[]> {
  const [dictionary, stream] = [plain.read(ref), plain.stream(ref)]
  if (dictionary === undefined || stream === undefined) throw new Unclear()
  const filter = dictionary.get('Filter')
  if (filter !== undefined && !/^\[?\s*\/FlateDecode\s*\]?$/.test(filter)) throw new Unclear()
  if (dictionary.has('DecodeParms')) throw new Unclear()
  const content = filter === undefined ? stream : await inflated(stream)
  const text = new TextDecoder('latin1').decode(content)
  return [...text.matchAll(/\/([^\s()<>[\]{}/%\0]+)/g)].map(([, name]) => name!)
}

async function inflated(bytes: Uint8Array): Promise<Uint8Array> {
  let at = 0
  const source = new ReadableStream<BufferSource>({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(at, at += FED_BYTES))
    },
  }, { highWaterMark: 0 })
  const blocks: Uint8Array[] = []
  let length = 0
  for await (const block of source.pipeThrough(new DecompressionStream('deflate'))) {
    blocks.push(block)
    length += block.length
    if (length > MOST_CONTENT_BYTES) throw new Unclear()
  }
  return joined(blocks)
}

/** What is still named, beginning at the root; other objects keep their bytes. */
function written(plain: PlainFile, root: Ref): Uint8Array<ArrayBuffer> {
  const writer = createPdfWriter()
  const seen = new Set<Ref>([root])
  const waiting = [root]
  for (let ref = waiting.pop(); ref !== undefined; ref = waiting.pop()) {
    const edited = plain.edited.get(ref)
    if (edited === undefined) writer.copy(plain.object(ref), ref)
    else writer.put(textOf(edited), ref)
    const dictionary = edited ?? plain.read(ref)
    const text = dictionary === undefined ? plain.text(ref) : textOf(dictionary)
    for (const inner of refsIn(text)) {
      if (seen.has(inner) || plain.object(inner).length === 0) continue
      seen.add(inner)
      waiting.push(inner)
    }
  }
  return writer.finish(root)
}
