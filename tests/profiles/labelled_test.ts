import assert from 'node:assert/strict'
import { labelled } from '../../profiles/ocr/labelled.ts'
import { openStudio } from '../../profiles/ocr/canvas.ts'
import { makePage } from '../../profiles/ocr/pages.ts'
import { editDistance, iou } from '../../profiles/ocr/score.ts'
import { languagesOf, scripts, textIn } from '../../profiles/ocr/words.ts'
import { parsePipeline } from '../../src/pipeline/parse.ts'
import { accuracyOf, addScores, type Leaf, noScore } from '../../src/stages/labelled.ts'
import { stages } from '../../src/stages/stages.ts'
import type { Point } from '../../src/stages/box.ts'
import { contextOf, detect } from '../stages/ocr.ts'
import { few } from '../exhaustive.ts'

const set = await labelled()
const studio = await openStudio()
const ignore = 'skip' in set || 'skip' in studio

const square = (x: number, y: number, side: number): Point[] => {
  return [[x, y], [x + side, y], [x + side, y + side], [x, y + side]]
}

Deno.test('iou() of squares, apart, shifted and turned', () => {
  assert.equal(iou(square(0, 0, 10), square(0, 0, 10)), 1)
  assert.equal(iou(square(0, 0, 10), square(20, 0, 10)), 0)
  assert.ok(Math.abs(iou(square(0, 0, 10), square(5, 0, 10)) - 1 / 3) < 1e-9)
  const diamond: Point[] = [[5, 0], [10, 5], [5, 10], [0, 5]]
  assert.ok(Math.abs(iou(square(0, 0, 10), diamond) - 0.5) < 1e-9)
})

Deno.test('editDistance() counts insertions, deletions and replacements', () => {
  assert.equal(editDistance('kitten', 'sitting'), 3)
  assert.equal(editDistance('', 'abc'), 3)
  assert.equal(editDistance('same', 'same'), 0)
})

for (const script of scripts) {
  Deno.test(`the labelled pages of ${script} script are in letters that its recognisers read`, async () => {
    const dir = script === 'latin' ? 'ocr' : `${script}/documents`
    const file = new URL(`../../profiles/${dir}/pipeline.json`, import.meta.url)
    const { tasks } = parsePipeline(await Deno.readTextFile(file), dir)
    const alphabet = String(tasks['recognise']!['alphabet'])
    for (const language of languagesOf(script)) {
      const { words, sentences } = await textIn(language)
      assert.ok(words.length > 50 && sentences.length > 10)
      const letters = new Set([...sentences, ...words].join(''))
      const strange = [...letters].filter((letter) => !alphabet.includes(letter))
      assert.deepEqual(strange, [], language)
    }
  })
}

Deno.test({
  name: 'makePage() makes the same page for the same seed and index, and another for others',
  ignore,
  fn: async () => {
    if ('skip' in studio) return
    const text = await textIn('pl')
    const [a, b, c] = [
      await makePage(studio, text, 1, 3),
      await makePage(studio, text, 1, 3),
      await makePage(studio, text, 1, 4),
    ]
    assert.deepEqual(a, b)
    assert.notDeepEqual(a!.bytes, c!.bytes)
    for (const { box } of [...a!.lines, ...c!.lines]) assert.equal(box.length, 4)
  },
})

Deno.test({
  name: 'the best path reads the first labelled pages with an accuracy of at least 0.88',
  ignore,
  fn: async () => {
    if ('skip' in set) return
    const recogniser = await contextOf('recognise', 'h32w480')
    let sum = noScore
    for (let index = 0; index < few(2, 6); index++) {
      const example = await set.example(index)
      const found = await detect(example.input, '736x960')
      assert.ok(found.ok)
      const items = found.children['recognise']!
      const results = await stages['text-recognition']!.run(items, recogniser)
      const leaves = results.map((result, i): Leaf => {
        return { meta: items[i]!.meta, fields: result.ok ? result.fields : null }
      })
      sum = addScores(sum, example.score(leaves, 'recognise'))
    }
    assert.ok(accuracyOf(sum) >= 0.88, `${accuracyOf(sum)} of ${sum.total} characters`)
  },
})

Deno.test({
  name: 'score() counts a missed line as wrong throughout',
  ignore,
  fn: async () => {
    if ('skip' in set) return
    const score = (await set.example(0)).score([], 'recognise')
    assert.ok(score.truths >= 2)
    assert.equal(score.errors, score.total)
    assert.equal(score.found + score.exact, 0)
  },
})
