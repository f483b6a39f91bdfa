/**
 * Layers of a PDF's pages, appended to it. Each is drawn before what its page has: it depends on
 * nothing that the page does, and what is invisible may lie below.
 *
 * @module
 */
import type { Page } from '../page.ts'
import { createCodes, writeFont } from '../pdf/glyphless_font.ts'
import type { PdfFile, Place } from '../pdf/pdf_file.ts'
import { parseDictionary, type PlainFile, readPlain, refOf, textOf } from '../pdf/plain_file.ts'
import { createPdfWriter, num, type Ref } from '../pdf/writer.ts'
import { FONT, layerOf } from './layer.ts'

/** Levels of a tree of pages, which a file may have made a circle. */
const MOST_LEVELS = 100

/**
 * Pages whose text the PDF has already get no layer: what is searched would be found twice.
 *
 * @param scaleOf pages that were made of pictures, a pixel to a point: points that a pixel is to be
 */
export async function withLayers(
  file: PdfFile,
  pages: Page[],
  scaleOf?: (index: number) => number,
): Promise<Uint8Array<ArrayBuffer>> {
  const plain = readPlain(file.plain())
  const writer = createPdfWriter(plain.base)
  const codes = createCodes()
  const font = writer.reserve()
  const put = (content: string) => writer.deflated('', new TextEncoder().encode(content))
  const read = new Map(pages.map((page) => [page.index, page]))
  for (let index = 0; index < file.pages; index++) {
    const page = read.get(index)
    const text = page?.source === 'read' ? layerOf(page, codes) : ''
    if (text === '' && scaleOf === undefined) continue
    const place = file.place(index)
    const dictionary = place && plain.edit(place.ref)
    if (place === undefined || dictionary === undefined) continue
    const before: Ref[] = []
    if (scaleOf !== undefined) {
      const scale = scaleOf(index)
      before.push(await put(`${scale} 0 0 ${scale} 0 0 cm\n`))
      const size = [place.right, place.top].map((side) => num(side * scale)).join(' ')
      dictionary.set('MediaBox', `[0 0 ${size}]`)
    }
    if (page !== undefined && text !== '') {
      const matrix = shownAt(place, page).map((value) => value.toFixed(6)).join(' ')
      before.push(await put(`q ${matrix} cm ${text}Q\n`))
      addFont(plain, place.ref, font)
    }
    const layers = before.map((ref) => `${ref} 0 R`).join(' ')
    dictionary.set('Contents', `[${layers} ${contentsOf(plain, dictionary.get('Contents'))}]`)
  }
  await writeFont(writer, codes, font)
  plain.flush(writer)
  return writer.finish()
}

/** What a page's content is, as entries of a list. */
function contentsOf(plain: PlainFile, contents = ''): string {
  const ref = refOf(contents)
  const list = ref === undefined ? contents : plain.text(ref)
  if (list.startsWith('[')) return list.slice(1, list.indexOf(']'))
  return ref === undefined ? '' : contents
}

/** To the resources that a page has, wherever they stand: pages may share them. */
function addFont(plain: PlainFile, page: Ref, font: Ref): void {
  let holder = page
  for (let level = 0; level < MOST_LEVELS; level++) {
    const dictionary = plain.read(holder)
    const parent = refOf(dictionary?.get('Parent'))
    if (dictionary?.has('Resources') || parent === undefined) break
    holder = parent
  }
  if (!plain.read(holder)?.has('Resources')) holder = page
  within(plain, plain.edit(holder)!, 'Resources', (resources) => {
    within(plain, resources, 'Font', (fonts) => fonts.set(FONT, `${font} 0 R`))
  })
}

/** Changes a dictionary within another, whether it stands there or is an object of its own. */
function within(
  plain: PlainFile,
  outer: Map<string, string>,
  name: string,
  change: (inner: Map<string, string>) => void,
): void {
  const value = outer.get(name) ?? ''
  const ref = refOf(value)
  const own = ref === undefined ? undefined : plain.edit(ref)
  if (own !== undefined) return change(own)
  const inner = value.startsWith('<<') ? parseDictionary(value) : new Map<string, string>()
  change(inner)
  outer.set(name, textOf(inner))
}

/** From pixels of the page as a viewer shows it, y up, to the page as it lies in its file. */
function shownAt({ left, top, right, bottom, turns }: Place, { width, height }: Page): number[] {
  const [across, up] = [right - left, top - bottom]
  switch (turns) {
    case 1:
      return [0, up / width, -across / height, 0, right, bottom]
    case 2:
      return [-across / width, 0, 0, -up / height, right, top]
    case 3:
      return [0, -up / width, across / height, 0, left, top]
    default:
      return [across / width, 0, 0, up / height, left, bottom]
  }
}
