/**
 * How right a variant's answers are on held-back receipts: greedy, nothing forced.
 *
 * `deno run -A profiles/fields/train/evaluate.ts --model mini --count 100 --noise 0,1`
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { deriveModels, modelNames, sources } from '../models.ts'
import { makeSample } from '../sample.ts'
import { parsed, scoreFields } from '../score.ts'
import type { World } from '../world.ts'
import { greedy, type Ort } from './greedy.ts'

const { values } = parseArgs({
  options: {
    /** Of `models.ts`, or a file that can run. */
    model: { type: 'string', default: 'nano' },
    count: { type: 'string', default: '100' },
    noise: { type: 'string', default: '0,1' },
    items: { type: 'string', default: '8' },
    world: { type: 'string', default: 'held-back' },
    seed: { type: 'string', default: '777' },
    show: { type: 'string', default: '0' },
    /** A package or the URL of a module: `onnxruntime-node` is several times as fast. */
    ort: { type: 'string', default: 'onnxruntime-web/wasm' },
  },
})

async function modelBytes(name: string): Promise<Uint8Array> {
  if (name.endsWith('.onnx')) return await Deno.readFile(name)
  const files = await Promise.all(sources.map((url) => Deno.readFile(url)))
  for (const { model, bytes } of deriveModels(files)) if (model === name) return bytes
  throw new Error(`Cannot evaluate: received model ${name}, have ${modelNames.join(', ')}`)
}

const ort = await import(values.ort) as Ort
const session = await ort.InferenceSession.create(await modelBytes(values.model), {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
})
const past = session.inputMetadata.find(({ name }) => name.startsWith('past_'))!.shape
const shape = { heads: Number(past[1]), head: Number(past[3]) }
const encoder = new TextEncoder()
const decoder = new TextDecoder()
for (const strength of values.noise.split(',').map(Number)) {
  const options = {
    world: values.world as World,
    mostItems: Number(values.items),
    noise: () => strength,
  }
  const samples = Array.from(
    { length: Number(values.count) },
    (_, index) => makeSample(Number(values.seed), index, options),
  ).sort((a, b) => a.text.length - b.text.length)
  let [total, errors, exact] = [0, 0, 0]
  for (let at = 0; at < samples.length; at += 8) {
    const some = samples.slice(at, at + 8)
    const prompts = some.map(({ text }) => [...encoder.encode(text)])
    const answers = await greedy(ort, session, prompts, shape)
    for (const [index, ids] of answers.entries()) {
      const { fields, text, answer } = some[index]!
      const said = decoder.decode(new Uint8Array(ids))
      const score = scoreFields(fields, parsed(said))
      total += score.total
      errors += score.errors
      exact += Number(score.exact)
      if (at + index < Number(values.show)) console.log(`${text}\n= ${answer}\n> ${said}\n`)
    }
  }
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  console.log(
    `${values.model}, noise ${strength}: ${percent(1 - errors / total)} of ${total} fields,` +
      ` ${percent(exact / samples.length)} of ${samples.length} answers exact`,
  )
}
Deno.exit(0)
