/**
 * Finds the scenario that the command line names: a file, or one made of evaluation data.
 *
 * @module
 */
import { basename, dirname, join, resolve } from 'node:path'
import { withoutMark } from '../../pipeline/parse.ts'
import { evalScenario } from '../../sim/eval.ts'
import { checkScenario, parseScenario, type Scenario } from '../../sim/scenario.ts'
import { ScenarioError } from '../../sim/scenario_error.ts'
import { notesOf } from '../../sim/scenario_notes.ts'
import { HOME } from '../root.ts'
import type { SimulateFlags } from './args.ts'
import { readEval } from './eval_files.ts'
import { writeOut } from '../writable.ts'

/** Where evaluation data is, unless told otherwise; not under version control. */
export const EVAL_DIR = join(HOME, 'eval')

/** @throws ScenarioError, PipelineError, RangeError */
export async function readScenario(flags: SimulateFlags): Promise<Scenario> {
  const scenario = flags.scenario.startsWith('eval:')
    ? await fromEval(flags.scenario.slice('eval:'.length), flags)
    : await fromFile(resolve(flags.scenario))
  return flags.seed === undefined ? scenario : { ...scenario, seed: flags.seed }
}

async function fromFile(file: string): Promise<Scenario> {
  const text = await Deno.readTextFile(file).then(withoutMark, () => {
    throw new ScenarioError(file, '', 'the file cannot be read')
  })
  const readPipeline = (path: string) =>
    withoutMark(Deno.readTextFileSync(resolve(dirname(file), path)))
  const scenario = parseScenario(text, file, readPipeline)
  for (const note of notesOf(JSON.parse(text), scenario, readPipeline)) {
    console.error(`${basename(file)}: ${note}`)
  }
  return scenario
}

async function fromEval(name: string, flags: SimulateFlags): Promise<Scenario> {
  const dir = flags.eval ?? (Deno.env.get('SHOAL_EVAL') || EVAL_DIR)
  const json = evalScenario(await readEval(dir), { ...flags.options, name })
  if (flags.write !== undefined) {
    await writeOut(flags.write, JSON.stringify(json, null, 2) + '\n')
  }
  return checkScenario(json, flags.scenario)
}
