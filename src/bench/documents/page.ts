/**
 * The page of docs/results: a section for each part of the run, so that parts that were run apart
 * stand on one page.
 *
 * @module
 */
import { ROOT } from '../../cli/root.ts'
import { ORT_VERSION } from '../../node/engine/ort.ts'

const TITLE = 'Six hundred pages by a pool that loses nodes'
const HEAD = '\n## '

/** In this order; each begins with its title. */
const ORDER = ['The pool', 'Others on the same pages'] as const

/** @param sections of this run @param page as it was: of it the others are kept */
export function pageOf(sections: readonly string[], page: string): string {
  const parts = [...page.split(HEAD).slice(1), ...sections.join('\n').split('## ').slice(1)]
  const latest = ORDER.flatMap((title) => parts.findLast((one) => one.startsWith(title)) ?? [])
  return [`# ${TITLE}\n`, ...latest].join(HEAD)
}

/** Below the title of a section: when, with what and how it was measured. */
export async function measured(section: string, command: string): Promise<string> {
  const [title = '', ...rest] = section.split('\n')
  const day = new Date().toISOString().slice(0, 10)
  return [
    ...[title, ''],
    `Measured on ${day}, commit ${await commit()}. ${navigator.hardwareConcurrency} processors, Deno`,
    `${Deno.version.deno}, onnxruntime-web ${ORT_VERSION}.`,
    ...['', '```sh', command, '```', ...rest],
  ].join('\n')
}

async function commit(): Promise<string> {
  try {
    const git = new Deno.Command('git', { args: ['rev-parse', '--short=8', 'HEAD'], cwd: ROOT })
    const { stdout, success } = await git.output()
    return success ? new TextDecoder().decode(stdout).trim() : 'unknown'
  } catch {
    return 'unknown'
  }
}
