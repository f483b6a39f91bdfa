/** Documents as the coordinator has them: in a real worker, with time limits on a real clock. */
import assert from 'node:assert/strict'
import { createDeadlines } from '../../src/coordinator/core/deadlines.ts'
import {
  createDocuments,
  type DocumentsOptions,
} from '../../src/coordinator/jobs/documents/worker.ts'
import type { Documents } from '../../src/documents/documents.ts'
import type { Line, Page, Quad } from '../../src/documents/page.ts'

export const startWorker = (name = '../../workers/documents.ts') => (): Worker =>
  new Worker(new URL(name, import.meta.url), { type: 'module' })

export async function withDocuments(
  test: (documents: Documents) => Promise<void>,
  options: Partial<DocumentsOptions> = {},
): Promise<void> {
  const now = () => performance.now()
  const deadlines = createDeadlines(now)
  const documents = createDocuments({ createWorker: startWorker(), now, deadlines, ...options })
  try {
    await test(documents)
  } finally {
    await documents.close()
    deadlines.stop()
  }
}

/** What went well; else the test ends with what did not. */
export function ok<T extends { ok: boolean }>(answer: T): Extract<T, { ok: true }> {
  if (!answer.ok) assert.fail(JSON.stringify(answer))
  return answer as Extract<T, { ok: true }>
}

/** Upright, in pixels. */
export const boxOf = (left: number, top: number, right: number, bottom: number): Quad => [
  ...[[left, top], [right, top], [right, bottom], [left, bottom]] as Quad,
]

export const lineOf = (text: string, box: Quad, confidence = 0.9): Line => ({
  ...{ text, confidence, box },
})

export const pageOf = (
  lines: Line[],
  more: Partial<Page> = {},
): Page => ({
  ...{ index: 0, width: 1190, height: 1684, turn: 0, source: 'read' },
  blocks: [{ kind: 'text', area: { left: 0, top: 0, right: 1190, bottom: 1684 }, lines }],
  ...more,
})

export const LETTERS = 'Straße façade Łódź žluťoučký İstanbul 12,50 €'

export interface FoundWord {
  page: number
  text: string
  box: [left: number, top: number, right: number, bottom: number]
}

/** Words of a PDF as Poppler's `pdftotext` finds them, in points of its pages; nothing without it. */
export async function foundWords(pdf: Uint8Array): Promise<FoundWord[] | undefined> {
  const html = await pdftotext(pdf, '-cropbox', '-bbox')
  return html?.split('<page ').slice(1).flatMap((page, i) =>
    [...page.matchAll(/<word xMin="(.+)" yMin="(.+)" xMax="(.+)" yMax="(.+)">(.*)<\/word>/g)].map(
      ([, a, b, c, d, text]) => ({
        ...{ page: i, text: text!, box: [a, b, c, d].map(Number) as FoundWord['box'] },
      }),
    )
  )
}

export async function pdftotext(pdf: Uint8Array, ...flags: string[]): Promise<string | undefined> {
  const dir = await Deno.makeTempDir()
  try {
    await Deno.writeFile(`${dir}/in.pdf`, pdf)
    const command = new Deno.Command('pdftotext', { args: [...flags, `${dir}/in.pdf`, '-'] })
    const { code, stdout, stderr } = await command.output()
    const text = new TextDecoder()
    if (code !== 0) throw new Error(`pdftotext: ${text.decode(stderr)}`)
    return text.decode(stdout)
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error
    return undefined
  } finally {
    await Deno.remove(dir, { recursive: true })
  }
}

export const HAS_PDFTOTEXT: boolean = await pdftotext(new Uint8Array()).then(
  (text) => text !== undefined,
  // It is there, and says that this is no PDF.
  () => true,
)
