import { labelled } from './labelled.ts'
import { accuracyOf, addScores, noScore } from '../../src/cli/labelled.ts'
import { prepareModels } from '../../src/cli/prepare_models.ts'
import { loadLocalCodec } from '../../src/cli/codec_assets.ts'
import { createCodecs } from '../../src/stages/codecs.ts'
import { createOrtModel } from '../../src/node/engine/ort_model.ts'
import { stages } from '../../src/stages/stages.ts'
import { parsePipeline } from '../../src/pipeline/parse.ts'
const [seed, count, D, R] = [
  Number(Deno.args[0]),
  Number(Deno.args[1]),
  (Deno.args[2] ?? '736x960').split(','),
  (Deno.args[3] ?? 'h48w480').split(','),
]
const verbose = Deno.args.includes('-v')
const set = await labelled({ seed, count })
if ('skip' in set) throw set.skip
const pipeline = parsePipeline(Deno.readTextFileSync('profiles/ocr/pipeline.json'), 'x')
const models = await prepareModels('profiles/ocr')
const codecs = createCodecs(loadLocalCodec)
const timers: any = {}
const load = async (name: string) => {
  const m = await createOrtModel(await Deno.readFile(models[name]!.file))
  return {
    ...m,
    run: async (f: any) => {
      const t = performance.now()
      const r = await m.run(f)
      timers.model = (timers.model ?? 0) + performance.now() - t
      timers.n = (timers.n ?? 0) + 1
      return r
    },
  }
}
const loaded: any = {}
const ctx = async (task: string, variant: string) => {
  const t = pipeline.tasks[task]!
  const v = t.variants[variant]!
  loaded[v.model!] ??= await load(v.model!)
  return {
    task: t,
    variant: v,
    next: t.next,
    model: loaded[v.model!],
    codecs,
    crops: 'raw' as const,
  }
}
const sums: any = {}
const add = (k: string, s: any) => sums[k] = addScores(sums[k] ?? noScore, s)
const over: number[] = [], overR: number[] = []
let kids = 0
for (let i = 0; i < count; i++) {
  const e = await set.example(i)
  for (const d of D) {
    timers.model = 0
    const t = performance.now()
    const [r] = await stages['text-detection']!.run([e.input], await ctx('detect', d))
    over.push(performance.now() - t - timers.model)
    if (!r!.ok) {
      console.log(r)
      continue
    }
    const lines = r!.children['recognise']!
    kids += lines.length
    for (const rec of R) {
      timers.model = 0
      const t = performance.now()
      const out = lines.length
        ? await stages['text-recognition']!.run(lines, await ctx('recognise', rec))
        : []
      overR.push((performance.now() - t - timers.model) / lines.length)
      const leaves = out.map((o, k) => ({ meta: lines[k]!.meta, fields: o.ok ? o.fields : null }))
      const s = e.score(leaves)
      add(`${d} ${rec}`, s)
      if (verbose) {
        console.log(i, d, rec, JSON.stringify(s), lines.length)
        for (const l of leaves) {
          console.log(
            '   ',
            l.fields?.text,
            l.fields?.confidence,
            JSON.stringify(l.meta.box),
            l.meta.width,
            l.meta.height,
          )
        }
      }
    }
  }
  for (const rec of R) {
    const p = await e.perfect('recognise', codecs)
    const out = await stages['text-recognition']!.run(p, await ctx('recognise', rec))
    const leaves = out.map((o, k) => ({ meta: p[k]!.meta, fields: o.ok ? o.fields : null }))
    add(`GT ${rec}`, e.score(leaves))
    if (verbose) {
      console.log(i, 'GT')
      for (const l of leaves) {
        console.log('   ', l.fields?.text, l.fields?.confidence, JSON.stringify(l.meta.box))
      }
    }
  }
}
for (const [k, s] of Object.entries(sums) as any) {
  console.log(
    k,
    accuracyOf(s).toFixed(4),
    `exact ${(s.exact / s.truths).toFixed(3)} recall ${
      (s.found / s.truths).toFixed(3)
    } lines ${s.truths} chars ${s.total}`,
  )
}
const med = (a: number[]) => a.sort((x, y) => x - y)[a.length >> 1]
console.log(
  'boxes/page',
  kids / count / D.length,
  'overhead det',
  med(over),
  'rec/line',
  med(overR),
)
