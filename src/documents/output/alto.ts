/**
 * What was read as ALTO 4.4, the XML of libraries: blocks, lines and words with their places in pixels.
 *
 * @module
 */
import type { Area, Block, Line, Page } from '../page.ts'
import { areaOf, partOf, wordsOf } from './words.ts'
import { xml } from './xml.ts'

const NAMESPACE = 'http://www.loc.gov/standards/alto/ns-v4#'
const SCHEMA = 'http://www.loc.gov/standards/alto/v4/alto-4-4.xsd'

/** @param name of the document, without a path */
export function* alto(pages: Page[], name: string): Iterable<string> {
  yield `<?xml version="1.0" encoding="UTF-8"?>
<alto xmlns="${NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="${NAMESPACE} ${SCHEMA}">
<Description>
<MeasurementUnit>pixel</MeasurementUnit>
<sourceImageInformation><fileName>${xml(name)}</fileName></sourceImageInformation>
<Processing ID="reading"><processingCategory>contentGeneration</processingCategory><processingSoftware><softwareName>shoal</softwareName></processingSoftware></Processing>
</Description>
<Layout>
`
  for (const page of pages) yield pageOf(page)
  yield '</Layout>\n</alto>\n'
}

function pageOf({ index, width, height, blocks }: Page): string {
  const id = index + 1
  const size = `WIDTH="${Math.round(width)}" HEIGHT="${Math.round(height)}"`
  const inner = blocks.map((block, i) => blockOf(block, `${id}_${i + 1}`)).join('')
  return `<Page ID="page_${id}" PHYSICAL_IMG_NR="${id}" ${size}>
<PrintSpace HPOS="0" VPOS="0" ${size}>
${inner}</PrintSpace>
</Page>
`
}

/** A table is a block of blocks, one for each cell that has text. */
function blockOf(block: Block, id: string): string {
  if (block.kind === 'text') return textBlockOf(block.lines, block.area, id)
  const cells = block.rows.flatMap((row, y) =>
    row.map((lines, x) =>
      lines.length === 0
        ? ''
        : textBlockOf(lines, areaOf(lines.flatMap(({ box }) => box)), `${id}_${y + 1}_${x + 1}`)
    )
  ).join('')
  if (cells === '') return ''
  return `<ComposedBlock ID="block_${id}" TYPE="table" ${
    place(block.area)
  }>\n${cells}</ComposedBlock>\n`
}

function textBlockOf(lines: Line[], area: Area, id: string): string {
  const inner = lines.map((line, i) => lineOf(line, `${id}_${i + 1}`)).join('')
  return inner === '' ? '' : `<TextBlock ID="block_${id}" ${place(area)}>\n${inner}</TextBlock>\n`
}

function lineOf({ text, confidence, box }: Line, id: string): string {
  const words = wordsOf(text)
  if (words.length === 0) return ''
  const inner = words.map((word, i) => {
    const area = areaOf(partOf(box, word.from, word.to))
    const string = `<String ID="word_${id}_${i + 1}" CONTENT="${xml(word.text)}" ` +
      `${place(area)} WC="${Math.round(confidence * 1000) / 1000}"/>`
    const before = words[i - 1]
    return before === undefined ? string : `${spaceOf(box, before.to, word.from)}\n${string}`
  })
  return `<TextLine ID="line_${id}" ${place(areaOf(box))}>\n${inner.join('\n')}\n</TextLine>\n`
}

function spaceOf(box: Line['box'], from: number, to: number): string {
  const { left, top, right } = areaOf(partOf(box, from, to))
  return `<SP HPOS="${Math.max(0, left)}" VPOS="${Math.max(0, top)}" WIDTH="${right - left}"/>`
}

function place({ left, top, right, bottom }: Area): string {
  const [x, y] = [Math.max(0, Math.round(left)), Math.max(0, Math.round(top))]
  const width = Math.max(0, Math.round(right) - x)
  return `HPOS="${x}" VPOS="${y}" WIDTH="${width}" HEIGHT="${Math.max(0, Math.round(bottom) - y)}"`
}
