/**
 * The command line of `deno task demo`.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { join } from 'node:path'
import { COMMAND, ROOT } from '../src/cli/root.ts'
import { POLICY_NAMES } from '../src/peers/policies.ts'
import type { Trace } from '../src/sim/scenario_schema.ts'
import { readTrace } from './load/demand.ts'

export const USAGE = `${COMMAND} demo [options]
  --pipeline shelf    a folder, or a name in profiles/
  --policy NAMES      rules to play the same demand to, with commas between; shoal,static if absent
  --tabs 2            tabs of a browser that join
  --nodes 2           Deno nodes that join
  --close 1           tabs that are closed in the middle
  --seconds 48        length of the demand
  --trace FILE        demand of your own, as ${COMMAND} load takes it, made as high as suits this
                      machine; or --scale X: X times what the file says
  --seed 1            same seed, same moments
  --report FILE       where the page goes; .shoal/demo/report.html if absent
  --json FILE         where the figures go; report.json beside the page if absent; - writes them,
                      and nothing else, to stdout
  --short             a small one within 40 s, for tests`

export interface DemoArgs {
  dir: string
  policies: string[]
  tabs: number
  nodes: number
  closings: number
  seconds: number
  /** For each part of finding out what the pool carries. */
  calibrateS: number
  trace?: Trace
  /** Absent: as high as suits the machine. */
  scale?: number
  seed: number
  report: string
  json: string
}

const text = { type: 'string' } as const

/** @throws Error with what was wrong; nothing where only help was asked for */
export async function readDemoArgs(args: string[]): Promise<DemoArgs | undefined> {
  const { values } = parseArgs({
    args,
    options: {
      pipeline: text,
      policy: text,
      tabs: text,
      nodes: text,
      close: text,
      seconds: text,
      trace: text,
      scale: text,
      seed: text,
      report: text,
      json: text,
      short: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return undefined

  function number(name: keyof typeof values, without: number, least: number, most: number): number {
    const given = values[name]
    if (given === undefined) return without
    const value = Number(given)
    if (String(given).trim() !== '' && value >= least && value <= most) return value
    throw new RangeError(`Cannot use --${name}: must be ${least} to ${most}: received ${given}`)
  }
  function whole(name: keyof typeof values, without: number, least: number, most: number): number {
    const value = number(name, without, least, most)
    if (Number.isInteger(value)) return value
    throw new RangeError(`Cannot use --${name}: must be an integer: received ${value}`)
  }

  const policies = (values.policy ?? 'shoal,static').split(',')
  const unknown = policies.find((name) => !POLICY_NAMES.some((known) => known === name))
  if (unknown !== undefined) {
    throw new RangeError(
      `Cannot use --policy: must be of ${POLICY_NAMES.join(', ')}: received ${unknown}`,
    )
  }
  const { short, trace } = values
  const tabs = whole('tabs', 2, 0, 16)
  const report = values.report ?? join(ROOT, '.shoal', 'demo', 'report.html')
  return {
    dir: await folderOf(values.pipeline ?? 'shelf'),
    policies,
    tabs,
    report,
    nodes: whole('nodes', short ? 1 : 2, 0, 16),
    closings: whole('close', Math.min(1, tabs), 0, tabs),
    seconds: number('seconds', short ? 6 : 48, 1, 600),
    calibrateS: short ? 1 : 4,
    seed: whole('seed', 1, 0, 2 ** 32),
    json: values.json ?? report.replace(/(\.html)?$/, '.json'),
    ...(trace === undefined ? {} : { trace: await readTrace(trace) }),
    ...(values.scale === undefined ? {} : { scale: number('scale', 1, 0, 1e6) }),
  }
}

/** A name in `profiles/`, or a folder. */
async function folderOf(wanted: string): Promise<string> {
  const named = join(ROOT, 'profiles', wanted)
  for (const dir of [named, wanted]) {
    const file = join(dir, 'pipeline.json')
    if (await Deno.stat(file).then(({ isFile }) => isFile, () => false)) return dir
  }
  throw new RangeError(`Cannot use --pipeline: ${wanted} is no folder with a pipeline.json`)
}
