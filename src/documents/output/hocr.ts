/**
 * What was read as hOCR 1.2: XHTML in which each element says where on its page it is.
 *
 * @module
 */
import type { Area, Block, Line, Page } from '../page.ts'
import { areaOf, linesOf, partOf, wordsOf } from './words.ts'
import { xml } from './xml.ts'

const CAPABILITIES = 'ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_wconf'

/** @param name of the document, without a path */
export function* hocr(pages: Page[], name: string): Iterable<string> {
  yield `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
<head>
<title>${xml(name)}</title>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8"/>
<meta name="ocr-system" content="shoal"/>
<meta name="ocr-capabilities" content="${CAPABILITIES}"/>
<meta name="ocr-number-of-pages" content="${pages.length}"/>
</head>
<body>
`
  for (const page of pages) yield pageOf(page, name)
  yield '</body>\n</html>\n'
}

function pageOf(page: Page, name: string): string {
  const { index, width, height } = page
  const image = name.replaceAll(/["\\;]/g, '_')
  const title = `image "${image}"; bbox 0 0 ${Math.round(width)} ${
    Math.round(height)
  }; ppageno ${index}`
  const number = index + 1
  const blocks = page.blocks.map((block, i) => blockOf(block, `${number}_${i + 1}`))
  return `<div class="ocr_page" id="page_${number}" title="${xml(title)}">\n${
    blocks.join('')
  }</div>\n`
}

/** A table is an area whose rows are paragraphs: hOCR's own element for tables says nothing of cells. */
function blockOf(block: Block, id: string): string {
  const paragraphs = block.kind === 'text' ? [block.lines] : block.rows.map((row) => row.flat())
  const bbox = boxOf(block.area)
  const inner = paragraphs.map((lines, i) => paragraphOf(lines, `${id}_${i + 1}`)).join('')
  return inner === ''
    ? ''
    : `<div class="ocr_carea" id="block_${id}" title="${bbox}">\n${inner}</div>\n`
}

function paragraphOf(lines: Line[], id: string): string {
  const inner = lines.map((line, i) => lineOf(line, `${id}_${i + 1}`)).filter(Boolean)
  if (inner.length === 0) return ''
  const bbox = boxOf(areaOf(linesOf({ lines }).flatMap(({ box }) => box)))
  return `<p class="ocr_par" id="par_${id}" title="${bbox}">\n${inner.join('\n')}\n</p>\n`
}

function lineOf({ text, confidence, box }: Line, id: string): string {
  const words = wordsOf(text).map((word, i) => {
    const title = `${boxOf(areaOf(partOf(box, word.from, word.to)))}; x_wconf ${
      Math.round(confidence * 100)
    }`
    return `<span class="ocrx_word" id="word_${id}_${i + 1}" title="${title}">${
      xml(word.text)
    }</span>`
  })
  if (words.length === 0) return ''
  const title = boxOf(areaOf(box))
  return `<span class="ocr_line" id="line_${id}" title="${title}">${words.join(' ')}</span>`
}

/** No coordinate is below 0 in hOCR. */
function boxOf({ left, top, right, bottom }: Area): string {
  return `bbox ${
    [left, top, right, bottom].map((value) => Math.max(0, Math.round(value))).join(' ')
  }`
}
