import { labelled } from './labelled.ts'
import { makePage } from './pages.ts'
import { openStudio } from './canvas.ts'
import { englishWords } from './words.ts'
import { editDistance } from './score.ts'
import { prepareModels } from '../../src/cli/prepare_models.ts'
import { loadLocalCodec } from '../../src/cli/codec_assets.ts'
import { createCodecs } from '../../src/stages/codecs.ts'
import { createOrtModel } from '../../src/node/engine/ort_model.ts'
import { stages } from '../../src/stages/stages.ts'
import { parsePipeline } from '../../src/pipeline/parse.ts'
const seed = Number(Deno.args[0]), count = Number(Deno.args[1])
const set = await labelled({ seed, count }); if ('skip' in set) throw set.skip
const studio = await openStudio() as any, words = await englishWords()
const pipeline = parsePipeline(Deno.readTextFileSync('profiles/ocr/pipeline.json'), 'x')
const models = await prepareModels('profiles/ocr')
const codecs = createCodecs(loadLocalCodec)
const decode = (data: Float32Array, steps: number, tau: number) => {
  let text = '', prev = 0, space = 0
  for (let t = 0; t < steps; t++) {
    let best = 0, top = data[t * 96]!
    for (let k = 1; k < 96; k++) if (data[t * 96 + k]! > top) { top = data[t * 96 + k]!; best = k }
    if (best === 0) { space = Math.max(space, data[t * 96 + 1]!) }
    else if (best !== prev) { 
      if (best === 1) { text += ' ' }
      else { if (text && !text.endsWith(' ') && space > tau) text += ' '; text += String.fromCharCode(0x1f + best) }
      space = 0
    } 
    prev = best
  }
  return text
}
const taus = [0.05, 0.03, 0.02]
for (const [name, stretches] of [['h48w480', [0.9]], ['h32w480', [1.35]], ['h32w384', [1.1, 1.0]], ['h24w384', [1.6, 1.8]], ['h16w400', [2.5]]] as const) for (const st of stretches) {
  const v = { ...pipeline.tasks['recognise']!.variants[name]! } as any
  v.input = { ...v.input, stretch: st }
  const model = await createOrtModel(await Deno.readFile(models[v.model!]!.file))
  let outs: any[] = []
  const wrapped = { ...model, run: async (f: any) => { const o = await model.run(f); outs.push(o[model.outputNames[0]!]); return o } }
  const err = taus.map(() => 0), ex = taus.map(() => 0); let total = 0, n = 0
  for (let i = 0; i < count; i++) {
    const e = await set.example(i), page = await makePage(studio, words, seed, i)
    const items = await e.perfect('recognise', codecs)
    for (const [k, item] of items.entries()) {
      outs = []
      await stages['text-recognition']!.run([item], { task: pipeline.tasks['recognise']!, variant: v, next: [], model: wrapped, codecs, crops: 'raw' })
      const truth = page.lines[k]!.text; total += truth.length; n++
      taus.forEach((tau, j) => { const text = outs.map((o) => decode(o.data, o.dims[1], tau).trim()).filter(Boolean).join(' '); const d = editDistance(text, truth); err[j]! += d; if (!d) ex[j]!++ })
    }
  }
  console.log(name, st, taus.map((t, j) => `${t}: ${(1 - err[j]! / total).toFixed(4)}/${(ex[j]! / n).toFixed(3)}`).join('  '))
  await model.release()
}
