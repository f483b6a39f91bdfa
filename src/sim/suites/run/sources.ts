/**
 * What a result depends on besides its scenario: the sources of the simulator and of the policy. A
 * result is good for as long as none of them has changed.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { dirname, join, relative } from 'node:path'

const SIMULATOR = ['src/sim/run.ts', 'src/sim/scenario.ts', 'src/sim/run_policy.ts']
const SHOAL = [
  'src/policy/scheduler.ts',
  'src/policy/place/place.ts',
  'src/policy/place/planner.ts',
]
const PEERS = 'src/peers'

/** Value imports of files beside; types leave nothing behind, and policies are named apart. */
const IMPORT = /^(?:import|export)\s+(?!type\b)[^'"]*?\bfrom\s*['"](\.[^'"]+)['"]/gm
const APART = new Set(['src/peers/policies.ts'])

/** @param root the project's folder */
export function createFingerprints(root: string): (policy: string) => string {
  const known = new Map<string, string>()
  return (policy) => {
    const found = known.get(policy)
    if (found !== undefined) return found
    const made = fingerprint([...SIMULATOR, ...filesOf(policy)], root)
    known.set(policy, made)
    return made
  }
}

const filesOf = (policy: string): string[] =>
  policy === 'shoal'
    ? SHOAL
    : [`${PEERS}/scheduler.ts`, `${PEERS}/${policy.replaceAll('-', '_')}.ts`]

function fingerprint(entries: readonly string[], root: string): string {
  const texts = new Map<string, string>()
  const visit = (file: string): void => {
    if (texts.has(file) || APART.has(file)) return
    const text = Deno.readTextFileSync(join(root, file))
    texts.set(file, text)
    for (const [, target] of text.matchAll(IMPORT)) {
      visit(relative(root, join(root, dirname(file), target!)))
    }
  }
  entries.forEach(visit)
  const hash = createHash('sha256')
  for (const file of [...texts.keys()].sort()) hash.update(`${file}\n${texts.get(file)}\n`)
  return hash.digest('hex')
}
