/**
 * A typical document of one page, a page of lines that is drawn, to measure how long one takes to
 * open.
 *
 * @module
 */
import type { StageItem } from '../types.ts'

const LINES = 45
const LINE = '(Such as it is, a line of text on a page of a letter, as long as lines are.) Tj T*'

/** The same bytes each time; readers have to rebuild its table of objects. */
export function sampleDocument(): StageItem {
  const content = `BT /F1 11 Tf 16 TL 56 780 Td ${Array(LINES).fill(LINE).join('\n')} ET`
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << ' +
    '/F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
  ].map((object, i) => `${i + 1} 0 obj\n${object}\nendobj\n`)
  const text = `%PDF-1.4\n${objects.join('')}trailer\n<< /Size 5 /Root 1 0 R >>\n%%EOF\n`
  return {
    meta: { type: 'application/pdf', text: 'read' },
    bytes: new TextEncoder().encode(text),
  }
}
