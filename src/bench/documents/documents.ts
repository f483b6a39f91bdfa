/**
 * `deno task bench documents`: a document of hundreds of scanned pages as a job of a pool that loses a
 * node each minute and once its coordinator, queries that cannot wait beside it, and the same pages by
 * other programs.
 * @module
 */
import { basename } from 'node:path'
import { formatted } from '../../cli/formatted.ts'
import { ROOT } from '../../cli/root.ts'
import { ORT_VERSION } from '../../node/engine/ort.ts'
import type { BenchOptions } from '../options.ts'
import { outputOf } from '../tools.ts'
import { makePages } from './pages.ts'
import { DOCUMENTS } from './params.ts'
import { comparePeers } from './peers.ts'
import { runPool } from './pool_run.ts'
import { peersSection, poolSection } from './table.ts'

/** @throws Error where canvas, fonts or Chromium are not there */
export async function bench(options: BenchOptions = {}) {
  const { pages: many = DOCUMENTS.pages, only, to } = options
  const startMs = performance.now()
  const pages = await makePages(many)
  console.log(`${many} pages drawn in ${((performance.now() - startMs) / 1000).toFixed(0)} s`)
  const sections: string[] = []
  const svg = to?.replace(/(\.md)?$/, '.svg')

  const pool = only === 'peers' ? undefined : await runPool(pages)
  if (pool !== undefined) {
    sections.push(await measured(poolSection(pool, basename(svg ?? 'memory.svg')), options))
    if (svg !== undefined) await Deno.writeTextFile(svg, pool.svg)
  }
  const ofEachKind = Map.groupBy(pages, ({ kind }) => kind).values().map(([first]) => first!)
  const peers = only === 'pool' ? undefined : await comparePeers([...ofEachKind])
  if (peers !== undefined) sections.push(await measured(peersSection(peers), options))

  const before = to === undefined ? '' : await Deno.readTextFile(to).catch(() => '')
  const page = await formatted(pageOf(sections, before))
  if (to === undefined) console.log(page)
  else await Deno.writeTextFile(to, page)
  return { pool, peers }
}

const TITLE = '# Six hundred pages by a pool that loses nodes\n'
const HEAD = '\n## '
/** Titles of sections, in their order. */
const ORDER = ['The pool', 'Others on the same pages'] as const

/** Parts that were run apart stand on one page. @param page as it was: of it the other parts are kept */
function pageOf(sections: readonly string[], page: string): string {
  const parts = [...page.split(HEAD).slice(1), ...sections.join('\n').split('## ').slice(1)]
  const latest = ORDER.flatMap((title) => parts.findLast((one) => one.startsWith(title)) ?? [])
  return [TITLE, ...latest].join(HEAD)
}

/** Below the title of a section: when, with what and how it was measured. */
async function measured(section: string, options: BenchOptions): Promise<string> {
  const { pages, only, to } = options
  const flags = Object.entries({ pages, only, to }).flatMap(([name, value]) =>
    value === undefined ? [] : [` --${name} ${value}`]
  )
  const [title = '', ...rest] = section.split('\n')
  const day = new Date().toISOString().slice(0, 10)
  return [
    ...[title, ''],
    `Measured on ${day}, commit ${await commit()}. ${navigator.hardwareConcurrency} processors, Deno`,
    `${Deno.version.deno}, onnxruntime-web ${ORT_VERSION}.`,
    ...['', '```sh', `deno task bench documents${flags.join('')}`, '```', ...rest],
  ].join('\n')
}

const commit = () =>
  outputOf('git', ['-C', ROOT, 'rev-parse', '--short=8', 'HEAD'])
    .then((said) => said.trim(), () => 'unknown')
