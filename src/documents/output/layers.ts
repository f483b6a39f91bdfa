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

/** Pages whose text the PDF has already get no layer: what is searched would be found twice. */
export async function withLayers(file: PdfFile, pages: Page[]): Promise<Uint8Array<ArrayBuffer>> {
  const plain = readPlain(file.plain())
  const writer = createPdfWriter(plain.base)
  const codes = createCodes()
  const font = writer.reserve()
  for (const page of pages) {
    const place = page.index < file.pages ? file.place(page.index) : undefined
    const dictionary = place && plain.edit(place.ref)
    const text = page.source === 'read' ? layerOf(page, codes) : ''
    if (place === undefined || dictionary === undefined || text === '') continue
    const matrix = shownAt(place, page).map((value) => value.toFixed(6)).join(' ')
    const content = new TextEncoder().encode(`q ${matrix} cm ${text}Q\n`)
    const layer = await writer.deflated('', content)
    dictionary.set('Contents', `[${layer} 0 R ${contentsOf(plain, dictionary.get('Contents'))}]`)
    addFont(plain, place.ref, font)
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
