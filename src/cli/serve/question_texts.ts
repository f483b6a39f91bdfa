/**
 * Texts to ask nodes about while nothing is known of traffic: samples with other digits and words in
 * another order, so that a node that knows the samples does not know them by their bytes.
 *
 * @module
 */
import { join } from 'node:path'
import { textPayload } from '../../coordinator/http/inputs/text.ts'
import type { Payload } from '../../coordinator/nodes/payload.ts'
import { ROOT } from '../root.ts'

const SAMPLES = join(ROOT, 'demo', 'samples')
const MOST_SAMPLES = 4

/** Texts of the folder's own `samples`, else the project's. */
export async function textSamplesOf(dir: string): Promise<string[]> {
  const own = dir === '' ? [] : await textsIn(join(dir, 'samples'))
  return own.length > 0 ? own : await textsIn(SAMPLES)
}

async function textsIn(dir: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(dir)).catch(() => [])
  const names = entries.filter(({ name, isFile }) => isFile && name.endsWith('.txt'))
    .map(({ name }) => name).sort().slice(0, MOST_SAMPLES)
  return await Promise.all(names.map((name) => Deno.readTextFile(join(dir, name))))
}

/** @param random uniform in [0, 1) @returns nothing where there is no sample */
export function questionText(
  samples: readonly string[],
  random: () => number,
): Payload | undefined {
  const sample = samples[Math.floor(random() * samples.length)]
  if (sample === undefined) return undefined
  const lines = sample.trim().split('\n').map((line) => {
    const words = line.split(' ')
    const [a, b] = [random(), random()].map((at) => Math.floor(at * words.length)) as [
      number,
      number,
    ]
    const moved = words.with(a, words[b]!).with(b, words[a]!)
    return moved.join(' ').replace(/\d/g, () => String(Math.floor(random() * 10)))
  })
  return textPayload(lines.join('\n'))
}
