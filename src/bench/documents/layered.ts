/**
 * What the text layers of a PDF say, page by page, as a node finds it.
 *
 * @module
 */
import { createDeadlines } from '../../coordinator/deadlines.ts'
import { createDocuments } from '../../coordinator/documents/worker.ts'
import { loadLocalCodec } from '../../cli/serve/codec_assets.ts'
import { createDocuments as createWorker } from '../../cli/serve/jobs.ts'
import { plainText } from '../../documents/output/plain_text.ts'
import { createCodecs } from '../../stages/codecs.ts'
import { drawDocument } from '../../stages/documents/draw_document.ts'

/** Few, as a node has them. */
const AT_ONCE = 4
const SETTINGS = { dpi: 20, maxPages: AT_ONCE, text: 'keep' } as const

/** @throws Error for a PDF that cannot be read */
export async function layersOf(pdf: Uint8Array<ArrayBuffer>): Promise<string[]> {
  const now = () => performance.now()
  const deadlines = createDeadlines(now)
  const documents = createDocuments({ createWorker, now, deadlines })
  const codecs = createCodecs(loadLocalCodec)
  try {
    const opened = await documents.open(pdf)
    if (!opened.ok) throw new Error(opened.message)
    const texts: string[] = []
    for (let from = 0; from < opened.pages; from += AT_ONCE) {
      const part = await documents.part(from, Math.min(AT_ONCE, opened.pages - from))
      if (!part.ok) throw new Error(part.message)
      const { pages } = await drawDocument('application/pdf', part.bytes, SETTINGS, codecs)
      texts.push(...pages.map((page) => [...plainText([page])].join('')))
    }
    return texts
  } finally {
    documents.stop()
    deadlines.stop()
  }
}
