/**
 * The command line of `deno task simulate --suite`.
 *
 * @module
 */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { POLICY_NAMES } from '../../peers/policies.ts'
import type { ParamValues } from '../../policy/params.ts'
import { SUITES } from '../../sim/suites/suites.ts'
import { COMMAND, HOME } from '../root.ts'
import { setOf } from './args.ts'

const USAGE = `${COMMAND} simulate --suite NAME[,NAME] [options]
${SUITES.map(({ name, about }) => `  ${name.padEnd(15)}${about}`).join('\n')}
  ${'all'.padEnd(15)}every one but large, gates and ablation
options:
  --seeds N           seeds 1 to N of every cell (5; 1 of lots and shared)
  --policy NAME       only these; several with commas between (${POLICY_NAMES.join(', ')})
  --set NAME=NUMBER   of next: another number than its own, as dispatch.delay=0; may be repeated
  --jobs N            cells at once (number of cores); those of speed and large one at a time
  --out DIR           where cells and tables go, and are found again (.shoal/suites)
  --results DIR       write a page for each suite, DIR/SUITE.md, and its charts (docs/results);
                      with --policy, rows of the others stay as the page has them
  --eval DIR          where the data is; by default SHOAL_EVAL, or what import-eval made
  --estimate          say what there is to run and about how long it takes; run nothing
  --known             run nothing, make the tables of what was run before; a page keeps what it
                      has of the rest
All tables of docs/results but those of ${COMMAND} bench, about an hour of one core:
  ${COMMAND} simulate --suite all --results docs/results
Progress is told on standard error: cells done, the last one's result, and the time left.`

export interface SuiteFlags {
  suites: string[]
  /** As many as each suite usually has where absent. */
  seeds?: number
  policies?: string[]
  set?: ParamValues
  jobs: number
  out: string
  results?: string
  eval?: string
  estimate: boolean
  known: boolean
}

export const asksForSuite = (args: readonly string[]): boolean =>
  args.some((arg) => arg === '--suite' || arg.startsWith('--suite='))

export function suiteArgs(args: string[], fail: (message: string) => never): SuiteFlags {
  const values = parse(args, fail)
  const count = (name: 'seeds' | 'jobs') => {
    const value = values[name]
    if (value === undefined) return undefined
    if (!/^[1-9]\d{0,3}$/.test(value)) {
      fail(`Cannot use --${name}: must be an integer from 1 to 9999: received ${value}`)
    }
    return Number(value)
  }
  if (values.help || values.suite === undefined || values.suite === 'help') {
    console.log(USAGE)
    Deno.exit(0)
  }
  const policies = values.policy?.split(',')
  const unknown = policies?.find((name) => !POLICY_NAMES.includes(name))
  if (unknown !== undefined) {
    fail(`Cannot use policy ${unknown}: there are ${POLICY_NAMES.join(', ')}`)
  }
  const seeds = count('seeds')
  return {
    suites: values.suite.split(','),
    jobs: count('jobs') ?? navigator.hardwareConcurrency,
    out: resolve(values.out ?? join(HOME, 'suites')),
    estimate: values.estimate ?? false,
    known: values.known ?? false,
    ...seeds === undefined ? {} : { seeds },
    ...policies === undefined ? {} : { policies },
    ...values.set === undefined ? {} : { set: setOf(values.set, fail) },
    ...values.results === undefined ? {} : { results: resolve(values.results) },
    ...values.eval === undefined ? {} : { eval: values.eval },
  }
}

function parse(args: string[], fail: (message: string) => never) {
  const text = { type: 'string' } as const
  const yes = { type: 'boolean' } as const
  try {
    return parseArgs({
      args,
      options: {
        suite: text,
        seeds: text,
        policy: text,
        set: { type: 'string', multiple: true },
        jobs: text,
        out: text,
        results: text,
        eval: text,
        estimate: yes,
        known: yes,
        help: yes,
      },
    }).values
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${USAGE}`)
  }
}
