/**
 * The command line of `deno task simulate`.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { POLICY_NAMES } from '../../peers/policies.ts'
import { type Prefer, PREFERENCES } from '../../policy/core/elastic.ts'
import type { ParamValues } from '../../policy/params.ts'
import type { EvalOptions } from '../../sim/eval.ts'
import { MOST_S } from '../../sim/scenario_schema.ts'
import { readSet } from './set.ts'
import { COMMAND } from '../root.ts'

export const USAGE = `${COMMAND} simulate --scenario FILE --policy NAME [options]
  --scenario FILE     a file of schema shoal-scenario/1; eval:NAME takes one of the published
                      evaluations: eval:figure5, eval:proteus, eval:TRACE; eval:steps and
                      eval:spikes have its pool and a demand that is made
  --policy NAME       ${POLICY_NAMES.join(', ')}; several with commas between
  --drop RULE         of loki and loki-published: none, last-task, per-task, rerouting
  --cap X             of loki: share of a worker's throughput that is planned with (0.85)
  --prefer balanced   of shoal: frugal, balanced or sooner, in place of what the scenario says
  --set NAME=NUMBER   of shoal: another number than its own, as dispatch.delay=0; may be repeated
  --seed N            in place of the scenario's
  --json FILE         the result as JSON; - writes it, and nothing else, to stdout
  --report FILE.html  one page with curves over time
Of eval:NAME:
  --eval DIR          where the data is; by default SHOAL_EVAL, or what import-eval made
  --instances 1       variants that a node holds, or all
  --accuracies corrected|artifact
  --rate R            constant demand of R queries/s, for --seconds S (120)
  --scale X           demand times X
  --slo MS, --workers N
  --write FILE        write the scenario as a file, too
or, the evaluation as a whole: ${COMMAND} simulate --suite NAME[,NAME] (--suite help says more)`

/** What a file says itself. */
const OF_EVAL = [
  'instances',
  'accuracies',
  'rate',
  'seconds',
  'scale',
  'slo',
  'workers',
  'write',
] as const

/** What only these policies have. */
const OF_POLICIES: ['drop' | 'cap' | 'set' | 'prefer', string[]][] = [
  ['drop', ['loki', 'loki-published']],
  ['cap', ['loki']],
  ['set', ['shoal']],
  ['prefer', ['shoal']],
]

export interface SimulateFlags {
  scenario: string
  policies: string[]
  drop?: string
  cap?: number
  set?: ParamValues
  prefer?: Prefer
  seed?: number
  json?: string
  report?: string
  eval?: string
  write?: string
  options: Omit<EvalOptions, 'name'>
}

export function simulateArgs(args: string[], fail: (message: string) => never): SimulateFlags {
  const values = parse(args, fail)
  if (values.help) {
    console.log(USAGE)
    Deno.exit(0)
  }
  const given = (name: Exclude<keyof typeof values, 'help' | 'set'>) => {
    const value = values[name]
    return value === undefined ? {} : { [name]: value }
  }
  const number = (name: Exclude<keyof typeof values, 'help' | 'set'>, as: string = name) => {
    const value = values[name]
    if (value === undefined) return {}
    if (value.trim() === '' || !Number.isFinite(Number(value)) || Number(value) < 0) {
      return fail(`Cannot use --${name}: must be a number from 0: received ${value}`)
    }
    return { [as]: Number(value) }
  }
  const whole = (name: 'seed' | 'seconds', least = -Infinity, most = Infinity) => {
    const value = values[name]
    if (value === undefined) return {}
    if (!/^-?\d{1,15}$/.test(value) || Number(value) < least || Number(value) > most) {
      const what = least > 0 ? `an integer from ${least} to ${most}` : 'an integer'
      return fail(`Cannot use --${name}: must be ${what}: received ${value}`)
    }
    return { [name]: Number(value) }
  }
  const { instances, accuracies } = values
  if (instances !== undefined && instances !== 'all' && !/^[1-9]\d*$/.test(instances)) {
    fail(`Cannot use --instances: must be a positive integer or all: received ${instances}`)
  }
  if (accuracies !== undefined && accuracies !== 'corrected' && accuracies !== 'artifact') {
    fail(`Cannot use --accuracies: must be corrected or artifact: received ${accuracies}`)
  }
  const prefer = PREFERENCES.find((one) => one === values.prefer)
  if (values.prefer !== undefined && prefer === undefined) {
    const known = PREFERENCES.join(', ')
    fail(`Cannot use --prefer: must be one of ${known}: received ${values.prefer}`)
  }
  const flags: SimulateFlags = {
    scenario: values.scenario ?? fail(`Cannot simulate: received no --scenario\n\n${USAGE}`),
    policies: (values.policy ?? fail(`Cannot simulate: received no --policy\n\n${USAGE}`))
      .split(','),
    ...given('drop'),
    ...number('cap'),
    ...values.set === undefined ? {} : { set: setOf(values.set, fail) },
    ...prefer === undefined ? {} : { prefer },
    ...whole('seed'),
    ...given('json'),
    ...given('report'),
    ...given('eval'),
    ...given('write'),
    options: {
      ...instances === undefined
        ? {}
        : { instancesPerNode: instances === 'all' ? instances : Number(instances) },
      ...accuracies === undefined ? {} : { accuracies },
      ...number('rate', 'ratePerS'),
      ...whole('seconds', 1, MOST_S),
      ...number('scale'),
      ...number('slo', 'sloMs'),
      ...number('workers'),
      ...whole('seed'),
    },
  }
  const lost = OF_EVAL.find((name) => values[name] !== undefined)
  if (lost !== undefined && !flags.scenario.startsWith('eval:')) {
    fail(`Cannot use --${lost} with a scenario file: it is of eval:NAME`)
  }
  for (const [name, policies] of OF_POLICIES) {
    if (flags[name] === undefined || flags.policies.some((one) => policies.includes(one))) continue
    fail(`Cannot use --${name} with ${flags.policies.join(', ')}: it is of ${policies.join(', ')}`)
  }
  if (values.scale !== undefined && values.rate !== undefined) {
    fail('Cannot use --scale with --rate: that is the demand, and it would stay as it is')
  }
  if (values.seconds !== undefined && values.rate === undefined) {
    fail('Cannot use --seconds without --rate: a trace has its own length')
  }
  return flags
}

function parse(args: string[], fail: (message: string) => never) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args,
      options: {
        scenario: text,
        policy: text,
        drop: text,
        cap: text,
        prefer: text,
        set: { type: 'string', multiple: true },
        seed: text,
        json: text,
        report: text,
        eval: text,
        instances: text,
        accuracies: text,
        rate: text,
        seconds: text,
        scale: text,
        slo: text,
        workers: text,
        write: text,
        help: { type: 'boolean' },
      },
    }).values
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${USAGE}`)
  }
}

export function setOf(given: readonly string[], fail: (message: string) => never): ParamValues {
  try {
    return readSet(given)
  } catch (error) {
    return fail((error as Error).message)
  }
}
