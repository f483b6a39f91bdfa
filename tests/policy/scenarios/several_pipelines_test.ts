/** Pipelines that share a pool, and their weights. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import { ocr, street } from '../fixtures.ts'
import { asksAtRandom, asksMany, joins, play, type Tally } from '../story.ts'

const oneTask = (name: string, sloMs: number, weight = 1, referenceMs = 20) =>
  checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name, sloMs, weight, root: 'find' },
    tasks: { find: { variants: { only: { accuracy: 1, referenceMs } } } },
  }, name)

Deno.test('Two pipelines share a pool by deadline', () => {
  const story = play({ pipelines: [ocr, street] }, [
    [0, joins('a'), joins('b')],
    [1000, asksMany('o', 10, 0, 4000), asksMany('s', 10, 0, 4000, { of: 'street' })],
  ], 6000)
  assert.equal(story.tally().served, 20)
})

Deno.test('A quiet pipeline is served to as large a share as one that floods the pool', () => {
  const story = play({ pipelines: [ocr, street] }, [
    [0, joins('a'), joins('b')],
    [1000, asksAtRandom('flood', 100, 10_000, 2000, { of: 'ocr' })],
    [3000, asksMany('quiet', 16, 500, 2000, { of: 'street' })],
  ], 15_000)
  const shareOf = ({ served, asked }: Tally) => served / asked
  const [quiet, flood] = ['quiet', 'flood'].map((prefix) => shareOf(story.tally(prefix)))
  assert.ok(quiet! >= flood!, `${quiet} and ${flood}`)
})

Deno.test('Two pipelines that flood a pool get half of it each', () => {
  const story = play({ pipelines: [oneTask('one', 1000), oneTask('other', 1000)] }, [
    [0, joins('a'), joins('b')],
    [500, asksAtRandom('one', 100, 10_000, 1000, { seed: 1 })],
    [500, asksAtRandom('other', 100, 10_000, 1000, { seed: 2, of: 'other' })],
  ], 13_000)
  const [one, other] = ['one', 'other'].map((name) => story.tally(name).served)
  assert.ok(Math.min(one!, other!) > 0.8 * Math.max(one!, other!), `${one} and ${other}`)
  assert.ok(one! + other! > 0.9 * 100 * 10, `${one} and ${other}`)
})

/** Served shares of two pipelines, each with demand for the whole pool. */
function shares(light: [sloMs: number, weight: number], heavy: typeof light) {
  const story = play({ pipelines: [oneTask('light', ...light), oneTask('heavy', ...heavy)] }, [
    [0, joins('a'), joins('b')],
    [500, asksAtRandom('light', 100, 15_000, light[0], { seed: 1 })],
    [500, asksAtRandom('heavy', 100, 15_000, heavy[0], { seed: 2, of: 'heavy' })],
  ], 20_000)
  return ['light', 'heavy'].map((name) => {
    const { served, asked } = story.tally(name)
    return served / asked
  })
}

Deno.test('A pipeline with twice the weight is served twice the share', () => {
  const [light, heavy] = shares([1000, 1], [1000, 2])
  assert.ok(heavy! / light! > 1.6 && heavy! / light! < 2.5, `${light} and ${heavy}`)
  assert.ok(light! + heavy! > 0.9, `${light} and ${heavy}`)
  const [one, other] = shares([1000, 3], [1000, 3])
  assert.ok(Math.abs(one! - other!) < 0.1, `${one} and ${other}`)
})

Deno.test('A pipeline with more weight is served more, even with a shorter SLO', () => {
  const [patient, urgent] = shares([3000, 1], [1000, 3])
  assert.ok(urgent! > 1.3 * patient!, `${patient} and ${urgent}`)
})

Deno.test('A pipeline with a hundred times the weight is served nearly alone', () => {
  const [least, most] = shares([1000, 0.01], [1000, 1])
  assert.ok(least! < 0.2 && most! > 0.8, `${least} and ${most}`)
})

Deno.test('Weights change nothing if there is enough for all', () => {
  const story = play({ pipelines: [oneTask('light', 1000, 1), oneTask('heavy', 1000, 100)] }, [
    [0, joins('a'), joins('b')],
    [500, asksAtRandom('light', 30, 10_000, 1000)],
    [500, asksAtRandom('heavy', 30, 10_000, 1000, { seed: 2, of: 'heavy' })],
  ], 13_000)
  const { served, asked } = story.tally('light')
  assert.ok(served >= 0.99 * asked, `${served} of ${asked}`)
})
