/**
 * `deno task bench documents`: a document of hundreds of scanned pages as a job of a pool that loses a
 * node each minute and once its coordinator, queries that cannot wait beside it, and the same pages by
 * other programs.
 *
 * @module
 */
import { basename } from 'node:path'
import { formatted } from '../../cli/formatted.ts'
import { measured, pageOf } from './page.ts'
import { makePages } from './pages.ts'
import { DOCUMENTS } from './params.ts'
import { comparePeers } from './peers.ts'
import { runPool } from './pool_run.ts'
import { peersSection, poolSection } from './table.ts'

/** Parts of the run that can be had apart. */
export const ONLY = ['pool', 'peers'] as const

export interface DocumentsOptions {
  pages?: number
  only?: (typeof ONLY)[number]
  killEachS?: number
  killsCoordinator?: boolean
  /** The page that is written, with a picture beside it; printed where absent. */
  to?: string
}

/** @throws Error where canvas, fonts or Chromium are not there */
export async function benchDocuments(options: DocumentsOptions = {}) {
  const { pages: count = DOCUMENTS.pages, only, to } = options
  const { killEachS = DOCUMENTS.killEachS, killsCoordinator = true } = options
  const startMs = performance.now()
  const pages = await makePages(count)
  console.log(`${count} pages drawn in ${((performance.now() - startMs) / 1000).toFixed(0)} s`)
  const sections: string[] = []
  const svg = to?.replace(/(\.md)?$/, '.svg')

  const pool = only === 'peers' ? undefined : await runPool(pages, { killEachS, killsCoordinator })
  if (pool !== undefined) {
    const section = poolSection(pool, basename(svg ?? 'memory.svg'))
    sections.push(await measured(section, commandOf(options)))
    if (svg !== undefined) await Deno.writeTextFile(svg, pool.svg)
  }
  const ofEachKind = pages.filter(({ kind }, i) =>
    pages.findIndex((one) => one.kind === kind) === i
  )
  const peers = only === 'pool' ? undefined : await comparePeers(ofEachKind)
  if (peers !== undefined) sections.push(await measured(peersSection(peers), commandOf(options)))

  const before = to === undefined ? '' : await Deno.readTextFile(to).catch(() => '')
  const page = await formatted(pageOf(sections, before))
  if (to === undefined) console.log(page)
  else await Deno.writeTextFile(to, page)
  return { pool, peers }
}

function commandOf({ pages, only, killEachS, killsCoordinator, to }: DocumentsOptions): string {
  return [
    'deno task bench documents',
    ...pages === undefined ? [] : [`--pages ${pages}`],
    ...only === undefined ? [] : [`--only ${only}`],
    ...killEachS === undefined ? [] : [`--kill-each ${killEachS}`],
    ...killsCoordinator === false ? ['--no-kill-coordinator'] : [],
    ...to === undefined ? [] : [`--to ${to}`],
  ].join(' ')
}
