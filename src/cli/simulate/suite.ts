/**
 * `deno task simulate --suite`: the evaluation, cell by cell. What was run before with the same
 * scenario, policy and sources is not run again.
 *
 * @module
 */
import { join, relative } from 'node:path'
import { NO_DATA } from '../../sim/eval_data.ts'
import { type Outcome, percent } from '../../sim/suites/rows.ts'
import { rowsOf } from '../../sim/suites/run/case_rows.ts'
import { type Cell, cellsOf, createCellStore } from '../../sim/suites/run/cells.ts'
import { costS } from '../../sim/suites/run/cost.ts'
import { curvesOf } from '../../sim/suites/run/curves.ts'
import { areRun, faultsKept, rowsIn } from '../../sim/suites/run/kept.ts'
import { pageFile, readPage, writePage } from '../../sim/suites/run/page.ts'
import { createFingerprints } from '../../sim/suites/run/sources.ts'
import { markdownOf } from '../../sim/suites/run/table.ts'
import { runCells } from '../../sim/suites/run/threads.ts'
import { type Case, nameOf, type Suite } from '../../sim/suites/suite.ts'
import { suitesOf } from '../../sim/suites/suites.ts'
import { ROOT } from '../root.ts'
import { replaceFile } from '../writable.ts'
import { hasEval, readEval } from './eval_files.ts'
import { EVAL_DIR } from './scenario.ts'
import type { SuiteFlags } from './suite_args.ts'
import { readThemis } from './themis_files.ts'

interface Planned {
  suite: Suite
  /** With all their policies, of which only some may be run. */
  cases: Case[]
  cells: Cell[]
}

/** With other numbers for the policy that has such. */
const withSet = (one: Case, set: SuiteFlags['set']): Case =>
  set === undefined ? one : {
    ...one,
    contenders: one.contenders.map((contender) =>
      contender.policy === 'shoal' ? { ...contender, set: { ...set, ...contender.set } } : contender
    ),
  }

/** @throws RangeError for unknown suites and data that is not there; Error for a cell that fails */
export async function simulateSuites(flags: SuiteFlags): Promise<void> {
  const named = suitesOf(flags.suites)
  const suites = named.filter(({ tables }) => tables === undefined)
  const dir = flags.eval ?? (Deno.env.get('SHOAL_EVAL') || EVAL_DIR)
  if (suites.length > 0) await simulateCells(suites, flags, dir)
  for (const suite of named) if (suite.tables !== undefined) await makeTables(suite, flags, dir)
}

/** Of a suite that is run as a whole, with policies of its own. */
async function makeTables(suite: Suite, flags: SuiteFlags, dir: string): Promise<void> {
  const { seeds = suite.seeds ?? 1, out, results, policies, estimate, known } = flags
  if (policies !== undefined || known) {
    return say(`${suite.name}: skipped: it is run as a whole, with policies of its own`)
  }
  const data = await readThemis(dir)
  if (data === undefined) {
    return say(
      `${suite.name}: skipped: there is no folder themis with its data in ${dir}; give --eval DIR ` +
        'or set SHOAL_EVAL',
    )
  }
  if (estimate) return say(`${suite.name}: ${seeds} seeds, some minutes of one core`)
  for (const one of results === undefined ? [out] : [results, out]) {
    await Deno.mkdir(one, { recursive: true })
  }
  const markdown = suite.tables!(data, seeds, await readEval(dir).catch(() => undefined))
  if (results !== undefined) {
    const date = new Date().toISOString().slice(0, 10)
    const making = { date, ...await commit(), command: commandOf(suite, flags), earlier: [] }
    await writePage(results, suite, making, markdown, [], replaceFile)
  }
  const titled = `## ${suite.name}: ${suite.about}\n\n${markdown}`
  await Deno.writeTextFile(join(out, `${suite.name}.md`), titled)
  console.log(titled)
}

async function simulateCells(
  suites: readonly Suite[],
  flags: SuiteFlags,
  dir: string,
): Promise<void> {
  const isNeeded = suites.some(({ alone }) => !alone)
  const data = isNeeded || await hasEval(dir) ? await readEval(dir) : NO_DATA
  const fingerprintOf = createFingerprints(ROOT)
  const store = createCellStore(flags.out, replaceFile)
  const planned = suites.map((suite): Planned => {
    const cases = suite.cases(data).map((one) => withSet(one, flags.set))
    const cells = cellsOf(suite, cases, flags.seeds, fingerprintOf)
      .filter(({ contender: { policy } }) => flags.policies?.includes(policy) ?? true)
    return { suite, cases, cells }
  })

  const outcomes = new Map<string, Outcome>()
  const left: Cell[] = []
  const queued = new Set<string>()
  for (const cell of planned.flatMap(({ cells }) => cells)) {
    const known = await store.find(cell)
    if (known !== undefined) outcomes.set(cell.key, known)
    else if (!queued.has(cell.key)) {
      queued.add(cell.key)
      left.push(cell)
    }
  }
  const all = planned.reduce((sum, { cells }) => sum + cells.length, 0)
  let leftS = left.reduce((sum, cell) => sum + costS(cell), 0)
  say(`${all} cells, ${left.length} to run: about ${minutes(leftS)} of one core`)
  for (const { suite, cells } of planned) {
    const own = cells.filter(({ key }) => queued.has(key))
    const ownS = own.reduce((sum, cell) => sum + costS(cell), 0)
    say(`  ${suite.name}: ${own.length} of ${cells.length}, about ${minutes(ownS)}`)
  }
  if (flags.estimate) return
  if (flags.known) left.length = 0
  // What has no place to go to is said before anything runs.
  const { out, results } = flags
  for (const dir of results === undefined ? [out] : [results, out]) {
    await Deno.mkdir(dir, { recursive: true }).catch((error) => {
      throw new Error(`Cannot write results into ${dir}: ${(error as Error).message}`)
    })
  }

  let doneS = 0
  let tookS = 0
  let count = 0
  await runCells(left, flags.jobs, async (cell, outcome) => {
    await store.keep(cell, outcome)
    outcomes.set(cell.key, outcome)
    doneS += costS(cell)
    leftS -= costS(cell)
    tookS += outcome.tookS
    say(
      `[${++count}/${left.length}] ${cell.suite} · ${cell.case.table} · ${cell.case.row} · ` +
        `${nameOf(cell.contender)} · seed ${cell.seed}: ` +
        `${percent(outcome.result.violationRatio, 3)} % violations, ` +
        `${percent(outcome.result.effectiveAccuracy)} % accuracy, ${outcome.tookS.toFixed(1)} s; ` +
        `about ${minutes(leftS * tookS / doneS / flags.jobs)} left`,
    )
  })

  const made = { date: new Date().toISOString().slice(0, 10), ...await commit() }
  for (const { suite, cases, cells } of planned) {
    if (cells.length === 0) continue
    const page = results === undefined ? '' : await readPage(pageFile(results, suite))
    const kept = rowsIn(page)
    const rows = cases.flatMap((one) => rowsOf(one, cells, outcomes, kept))
    // What a page says comes of more digits than it shows.
    if (rows.every(({ roots }) => roots === 0)) {
      say(`${suite.name}: nothing was run; what there is stays`)
      continue
    }
    const markdown = markdownOf(
      rows,
      suite.findings?.(rows) ?? [],
      suite.brief,
      faultsKept(page, rows),
    )
    if (suite.holds?.(rows) === false) Deno.exitCode = 1
    const charts = curvesOf(suite.name, cells, outcomes)
    if (suite.whole && !areRun(rows, cases)) {
      say(`${suite.name}: a page keeps what it has, as not all of it was run`)
    } else if (results !== undefined) {
      const earlier = new Set(rows.filter(({ roots }) => roots === 0).map(({ policy }) => policy))
      const making = { ...made, command: commandOf(suite, flags), earlier: [...earlier] }
      const shown = flags.policies === undefined ? charts : []
      await writePage(results, suite, making, markdown, shown, replaceFile)
    }
    const file = (kind: string) => join(out, `${suite.name}.${kind}`)
    const titled = `## ${suite.name}: ${suite.about}\n\n${markdown}`
    await Deno.writeTextFile(file('md'), titled)
    await Deno.writeTextFile(file('json'), JSON.stringify({ suite: suite.name, rows }, null, 1))
    for (const [name, svg] of charts) {
      await Deno.writeTextFile(join(out, `${name}.svg`), svg)
    }
    console.log(titled)
  }
  say(`Written to ${[out, ...results === undefined ? [] : [results]].join(' and ')}`)
}

/** What makes the page again. */
function commandOf({ name }: Suite, { seeds, set = {}, results = '' }: SuiteFlags): string {
  const values = Object.entries(set).map(([what, value]) => ` --set ${what}=${value}`)
  const inside = relative(ROOT, results)
  return `deno task simulate --suite ${name}${seeds === undefined ? '' : ` --seeds ${seeds}`}` +
    `${values.join('')} --results ${inside.startsWith('..') ? results : inside}`
}

/** Of the checkout, with a mark where sources were changed since; nothing outside one. */
async function commit(): Promise<{ commit?: string }> {
  const git = (...args: string[]) =>
    new Deno.Command('git', { args, cwd: ROOT, stderr: 'null' }).output()
  try {
    const { success, stdout } = await git('rev-parse', '--short', 'HEAD')
    if (!success) return {}
    const { success: same } = await git('diff', '--quiet', 'HEAD', '--', 'src')
    return { commit: `${new TextDecoder().decode(stdout).trim()}${same ? '' : ' with changes'}` }
  } catch {
    return {}
  }
}

const minutes = (seconds: number): string =>
  seconds < 90 ? `${Math.max(0, Math.round(seconds))} s` : `${(seconds / 60).toFixed(1)} minutes`

const say = (line: string) => console.error(line)
