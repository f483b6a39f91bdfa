/**
 * `deno task import-eval --from DIR [--to DIR]`: profiles for `deno task simulate` from a checkout of
 * the public Loki artifact (github.com/UMass-LIDS/Loki, at e6bb80c). They stay out of this project.
 *
 * @module
 */
import { join, resolve } from 'node:path'
import './deno_version.ts'
import { parseArgs } from 'node:util'
import { evalScenario } from '../sim/eval.ts'
import { sharedScenario } from '../sim/eval_shared.ts'
import { checkScenario } from '../sim/scenario.ts'
import { ARTIFACT_FILES, type ArtifactFile, profilesFrom } from './import_profiles.ts'
import { EVAL_DIR } from './simulate/scenario.ts'
import { writeOut } from './writable.ts'
import { COMMAND } from './root.ts'

const USAGE = `${COMMAND} import-eval --from DIR [--to DIR]
  --from DIR   a checkout of github.com/UMass-LIDS/Loki at e6bb80c
  --to DIR     where loki-profiles.json is written; by default where simulate looks for it`

function fail(message: string): never {
  console.error(message)
  Deno.exit(1)
}

function flags(): { from: string; to: string } {
  const text = { type: 'string' } as const
  let values: { from?: string; to?: string; help?: boolean }
  try {
    values = parseArgs({ options: { from: text, to: text, help: { type: 'boolean' } } }).values
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${USAGE}`)
  }
  if (values.help) {
    console.log(USAGE)
    Deno.exit(0)
  }
  if (values.from === undefined) fail(`Cannot import: received no --from\n\n${USAGE}`)
  return { from: resolve(values.from), to: resolve(values.to ?? EVAL_DIR) }
}

const { from, to } = flags()
const texts = Object.fromEntries(
  await Promise.all(
    Object.entries(ARTIFACT_FILES).map(async ([name, path]) => {
      const text = await Deno.readTextFile(join(from, path)).catch(() =>
        fail(`Cannot import: ${join(from, path)} cannot be read`)
      )
      return [name, text]
    }),
  ),
) as { [file in ArtifactFile]: string }
try {
  const profiles = profilesFrom(texts)
  // Both pools have to come to a scenario that can be run, and the two pipelines on one of them.
  for (const name of ['figure5', 'proteus']) {
    checkScenario(evalScenario({ profiles }, { name, ratePerS: 1 }), `eval:${name}`)
  }
  const shared = sharedScenario({ profiles }, { name: 'figure5', ratePerS: 1, socialPerS: 1 })
  checkScenario(shared, 'eval:figure5')
  await Deno.mkdir(to, { recursive: true }).catch((error) => {
    throw new Error(`Cannot write into ${to}: ${(error as Error).message}`)
  })
  const file = join(to, 'loki-profiles.json')
  await writeOut(file, JSON.stringify(profiles, null, 2) + '\n')
  console.log(`${file}: written`)
  const where = to === EVAL_DIR ? '' : ` --eval ${to}`
  console.log(`${COMMAND} simulate --scenario eval:figure5 --rate 200 --policy shoal,loki${where}`)
} catch (error) {
  fail((error as Error).message)
}
