/**
 * Putting measured figures into a pipeline file.
 *
 * @module
 */
import { withoutMark } from '../../pipeline/parse.ts'
import type { Profile } from './types.ts'

interface PipelineFile {
  tasks: { [task: string]: { variants: { [variant: string]: Record<string, unknown> } } }
  pathAccuracy?: { path: string[]; accuracy: number }[]
  measured?: unknown
  [field: string]: unknown
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits))

/** Small models take microseconds; none takes nothing, which a pipeline file may not say. */
const roundMs = (ms: number): number => Math.max(round(ms, ms < 10 ? 3 : 1), 0.001)

/**
 * The text of a pipeline file with the figures of a profile; all else as it was, accuracies of what
 * no label says anything of among it.
 *
 * @param folder as the command that is noted has it
 */
export function writeProfile(
  text: string,
  profile: Profile,
  folder = `profiles/${profile.pipeline}`,
): string {
  const file = JSON.parse(withoutMark(text)) as PipelineFile
  const { scored } = profile
  for (const { task, variant, ...figures } of profile.variants) {
    const entry = file.tasks[task]?.variants[variant]
    if (entry === undefined) {
      throw new RangeError(`Cannot write ${task} ${variant}: no such variant`)
    }
    entry['referenceMs'] = roundMs(figures.referenceMs)
    if (figures.rows > 0 && round(figures.rows, 2) !== 1) entry['rows'] = round(figures.rows, 2)
    else delete entry['rows']
    if (!scored) continue
    if (!figures.unscored) entry['accuracy'] = round(figures.accuracy, 4)
    if (figures.recall !== undefined) entry['recall'] = round(figures.recall, 4)
    if (Object.keys(figures.fanOut).length > 0) {
      entry['fanOut'] = Object.fromEntries(
        Object.entries(figures.fanOut).map(([child, n]) => [child, round(n, 3)]),
      )
    }
  }
  if (scored) {
    const untold = new Set(
      profile.paths.filter((one) => one.unscored).map(({ path }) => path.join()),
    )
    file.pathAccuracy = [
      ...profile.paths.filter((one) => !one.unscored)
        .map(({ path, accuracy }) => ({ path, accuracy: round(accuracy, 4) })),
      ...(file.pathAccuracy ?? []).filter(({ path }) => untold.has(path.join())),
    ]
    file.measured = {
      command: `deno task profile --pipeline ${folder} --write`,
      set: profile.set,
    }
  }
  return layOut(file) + '\n'
}

/** JSON as `deno fmt` leaves it: short objects and arrays that hold nothing deep on one line. */
function layOut(value: unknown, indent = '', room = 100): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const list = Array.isArray(value)
  const parts = Object.entries(value).map(([key, inner]) => {
    const label = list ? '' : `${JSON.stringify(key)}: `
    return label + layOut(inner, `${indent}  `, 98 - indent.length - label.length)
  })
  const [open, close] = list ? ['[', ']'] : ['{', '}']
  if (parts.length === 0) return open + close
  const flat = list ? `[${parts.join(', ')}]` : `{ ${parts.join(', ')} }`
  if (!flat.includes('\n') && flat.length <= Math.min(room, 78)) return flat
  return `${open}\n${parts.map((p) => `${indent}  ${p}`).join(',\n')}\n${indent}${close}`
}
