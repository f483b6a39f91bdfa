/** @module What could not be read of a document, in lines for whoever handed it in. */
import type { FailedPage, JobDocument } from './job_types.ts'

/** Reasons that say more to people than what was told of them. */
const WHY: Readonly<Record<string, string>> = {
  deadline_exceeded: 'not read in time',
  internal: 'reading failed, however often it was tried',
  node_failed: 'the devices that read it were lost, however often it was tried',
}
/** How a page's own fault begins: the line names the page. */
const OF_PAGE = /^Cannot read the page: /

/**
 * As `Page 3: it is damaged`, `Pages 5 to 8 and 11: not read in time`; of a document that could not be
 * opened, why.
 *
 * @param pages those that failed, in order, as the results of the job have them
 */
export function faultLines({ error, state }: JobDocument, pages: readonly FailedPage[]): string[] {
  const byWhy = new Map<string, number[]>()
  for (const { index, reason, message } of pages) {
    const why = WHY[reason] ?? message.replace(OF_PAGE, '')
    byWhy.set(why, [...byWhy.get(why) ?? [], index + 1])
  }
  const lines = [...byWhy].map(([why, numbers]) => `${pagesText(numbers)}: ${why}`)
  // Of a document without a page that was read, it says of the first page what is in the lines.
  const isSaid = state === 'failed' && lines.length > 0
  return isSaid || error === undefined ? lines : [error.message, ...lines]
}

/** As `Page 3`, `Pages 5 to 8 and 11`. @param numbers that rise */
function pagesText(numbers: readonly number[]): string {
  if (numbers.length === 1) return `Page ${numbers[0]}`
  const runs: [from: number, to: number][] = []
  for (const number of numbers) {
    const last = runs.at(-1)
    if (last !== undefined && last[1] === number - 1) last[1] = number
    else runs.push([number, number])
  }
  const texts = runs.flatMap(([from, to]) =>
    to - from < 2 ? [...new Set([from, to])].map(String) : [`${from} to ${to}`]
  )
  const last = texts.pop()!
  return `Pages ${texts.length === 0 ? last : `${texts.join(', ')} and ${last}`}`
}
