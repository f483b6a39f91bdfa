/**
 * Results of the parts of a job on disk: the record of what is done, however the coordinator ended.
 *
 * @module
 */
import { z } from 'zod'
import { ApiError } from '../core/api_error.ts'
import type { Folder } from './folder.ts'
import { JOBS } from './params.ts'
import type { PartResult, Unit } from './types.ts'

export const PARTS = 'parts'
const NAME = /^(\d+)-(\d+)-(\d+)\.json$/

const index = z.number().int().min(0)
const partResult = z.object({
  pages: z.array(z.looseObject({ index })),
  failed: z.array(z.object({ index, reason: z.string(), message: z.string() })),
})

export const writePart = (
  folder: Folder,
  job: string,
  { document, from, count }: Unit,
  result: PartResult,
): Promise<number> =>
  folder.keep(JSON.stringify(result), job, PARTS, `${document}-${from}-${count}.json`)

/** Results by document. Files that cannot be read are removed, so that their part runs again. */
export async function readParts(folder: Folder, job: string): Promise<Map<number, PartResult[]>> {
  const found = new Map<number, PartResult[]>()
  for (const name of await folder.list(job, PARTS)) {
    const document = NAME.exec(name)?.[1]
    const result = document && await readPart(folder, job, name)
    if (!result) {
      await folder.remove(job, PARTS, name)
      continue
    }
    const n = Number(document)
    found.set(n, [...found.get(n) ?? [], result])
  }
  return found
}

/** Pages a millisecond at the last results of a job; null where there are too few. */
export async function lastPace(folder: Folder, job: string): Promise<number | null> {
  const parts = (await folder.times(job, PARTS)).sort((a, b) => b.atMs - a.atMs)
  const last = parts.filter(({ atMs }) => atMs > parts[0]!.atMs - JOBS.rateMs)
  const first = last.pop()
  if (first === undefined || last.length === 0) return null
  // The time of the first part is not known.
  const pages = last.reduce(
    (sum, { name }) => sum + Number(NAME.exec(name)?.[3] ?? 0),
    0,
  )
  return pages / Math.max(1, last[0]!.atMs - first.atMs)
}

/** Pages of a document, and its failed pages, in order, each once. */
export async function readDocument(folder: Folder, job: string, n: number): Promise<PartResult> {
  const [pages, failed] = [new Map<number, PartResult['pages'][number]>(), new Map()]
  for (const name of await folder.list(job, PARTS)) {
    if (NAME.exec(name)?.[1] !== String(n)) continue
    const result = await readPart(folder, job, name)
    for (const page of result?.pages ?? []) pages.set(page.index, page)
    for (const page of result?.failed ?? []) failed.set(page.index, page)
  }
  for (const at of pages.keys()) failed.delete(at)
  const inOrder = <T extends { index: number }>(all: Map<number, T>) =>
    [...all.values()].sort((a, b) => a.index - b.index)
  return { pages: inOrder(pages), failed: inOrder(failed) }
}

/** Why a document without any page has no result. */
export async function firstFailure(folder: Folder, job: string, n: number): Promise<unknown> {
  const { failed: [first] } = await readDocument(folder, job, n)
  const { reason = 'internal', message = 'no page was read' } = first ?? {}
  return new ApiError(reason as ApiError['reason'], message)
}

async function readPart(
  folder: Folder,
  job: string,
  name: string,
): Promise<PartResult | undefined> {
  try {
    const text = new TextDecoder().decode(await folder.read(job, PARTS, name))
    return partResult.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
