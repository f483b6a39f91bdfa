import assert from 'node:assert/strict'
import { checkRunnable, parsePipeline } from '../../src/pipeline/parse.ts'
import { pathAccuracyOf } from '../../src/pipeline/accuracy.ts'
import { variantPaths } from '../../src/pipeline/tree.ts'
import { stageKinds } from '../../src/stages/stages.ts'
import { pipeline } from '../stages/ocr.ts'

const detectors = Object.entries(pipeline.tasks['detect']!.variants)
const recognisers = Object.entries(pipeline.tasks['recognise']!.variants)

const falls = (values: readonly number[], what: string) => {
  values.slice(1).forEach((value, i) => {
    assert.ok(value < values[i]!, `${what}: ${values.join(', ')} does not fall throughout`)
  })
}

Deno.test('the ocr pipeline can be run by the stages there are', () => {
  checkRunnable(pipeline, stageKinds, 'profiles/ocr/pipeline.json')
})

for (const script of ['cyrillic', 'greek']) {
  Deno.test(`documents-${script} can be run, and reads the letters that it was trained for`, async () => {
    const file = new URL(`../../profiles/${script}/documents/pipeline.json`, import.meta.url)
    const pipeline = parsePipeline(await Deno.readTextFile(file), script)
    checkRunnable(pipeline, stageKinds, script)
    assert.equal(pipeline.name, `documents-${script}`)
    const trained = new URL(`../../profiles/ocr/${script}.json`, import.meta.url)
    const { alphabet } = JSON.parse(await Deno.readTextFile(trained))
    assert.equal(pipeline.tasks['recognise']!['alphabet'], alphabet)
  })
}

Deno.test('the ocr pipeline lists better variants first, and better ones cost more', () => {
  for (const variants of [detectors, recognisers]) {
    falls(variants.map(([, v]) => v.accuracy), 'accuracy')
    falls(variants.map(([, v]) => v.referenceMs!), 'referenceMs')
  }
  falls(detectors.map(([, v]) => v.fanOut!['recognise']!), 'fan-out')
})

Deno.test('the ocr pipeline has a measured accuracy for every path, ordered in both stages', () => {
  assert.equal(pipeline.pathAccuracy?.length, variantPaths(pipeline).length)
  const accuracy = pathAccuracyOf(pipeline)
  const at = (d: string, r: string) => accuracy(['detect', 'recognise'], [d, r])
  for (const [d] of detectors) falls(recognisers.map(([r]) => at(d, r)), `paths of ${d}`)
  for (const [r] of recognisers) falls(detectors.map(([d]) => at(d, r)), `paths to ${r}`)
  assert.ok(at('736x960', 'h32w480') >= 0.88)
})

Deno.test('the ocr pipeline gives the accuracy of a detector as that of its best path', () => {
  const accuracy = pathAccuracyOf(pipeline)
  for (const [d, variant] of detectors) {
    const best = accuracy(['detect', 'recognise'], [d, recognisers[0]![0]])
    assert.equal(variant.accuracy, best)
  }
})
