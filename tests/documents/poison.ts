/**
 * PDFs of a kilobyte or two whose page takes minutes to draw: each part of it is drawn several times by
 * the part above it.
 *
 * @module
 */
import { rawPdf } from './made.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const PAGE = '/MediaBox [0 0 595 842]'

/** The next in line; of the last, a page before which there is nothing. */
const next = (name: string, at: number, depth: number) =>
  at < depth ? `/Resources << /${name} << /N ${5 + at} 0 R >> >>` : ''

/** Tiles that are filled with tiles. */
export const patternsOfPatterns = (depth = 8): Uint8Array<ArrayBuffer> =>
  rawPdf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R ${PAGE} /Contents 4 0 R /Resources << /Pattern << /N 5 0 R >> >> >>`,
    ['', encode('/Pattern cs /N scn 0 0 595 842 re f')],
    ...Array.from({ length: depth }, (_, i): [string, Uint8Array] => [
      `/PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 595 842] /XStep 60 /YStep 85 ${
        next('Pattern', i + 1, depth)
      }`,
      encode(
        i + 1 < depth ? '/Pattern cs /N scn 0 0 595 842 re f' : '1 0 0 rg 10 10 300 400 re f',
      ),
    ]),
  ])

/** See-through groups, each of which shows the next four times. */
export const groupsOfGroups = (depth = 10): Uint8Array<ArrayBuffer> =>
  rawPdf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R ${PAGE} /Contents 4 0 R /Resources << /XObject << /N 5 0 R >> >> >>`,
    ['', encode('/N Do')],
    ...Array.from({ length: depth }, (_, i): [string, Uint8Array] => [
      `/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Group << /S /Transparency /I true >> ${
        next('XObject', i + 1, depth).replace(/ >>$/, ' /ExtGState << /G << /ca 0.5 >> >> >>')
      }`,
      encode(i + 1 < depth ? `/G gs ${'/N Do '.repeat(4)}` : '1 0 0 rg 10 10 300 400 re f'),
    ]),
  ])
