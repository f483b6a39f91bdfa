/**
 * Writes samples to learn from, a JSON `[text, answer]` a line:
 * `deno run -A profiles/fields/train/samples.ts --seed 1 --count 20000 --items 8 --world training`.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { makeSample } from '../sample.ts'
import type { World } from '../world.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '10' },
    items: { type: 'string', default: '8' },
    bare: { type: 'string', default: '0' },
    world: { type: 'string', default: 'training' },
    /** The most; two in five samples are clean. */
    noise: { type: 'string', default: '2' },
  },
})

const most = Number(values.noise)
const options = {
  world: values.world as World,
  mostItems: Number(values.items),
  bare: Number(values.bare),
  noise: (random: { unit(): number }) => {
    const at = random.unit()
    return at < 0.4 ? 0 : (at - 0.4) / 0.6 * most
  },
}
const lines: string[] = []
const encoder = new TextEncoder()
const flush = () => {
  let bytes = encoder.encode(lines.join(''))
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes))
  lines.length = 0
}
for (let index = 0; index < Number(values.count); index++) {
  const { text, answer } = makeSample(Number(values.seed), index, options)
  lines.push(`${JSON.stringify([text, answer])}\n`)
  if (lines.length === 1000) flush()
}
flush()
