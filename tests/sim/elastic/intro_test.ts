/** The figure in the introduction of Themis's paper, where its data is at hand. */
import assert from 'node:assert/strict'
import { readThemis } from '../../../src/cli/simulate/themis_files.ts'
import { createScaler } from '../../../src/peers/scalers.ts'
import { optionsOf, runElastic } from '../../../src/sim/elastic/run.ts'
import { introScene, type Shape } from '../../../src/sim/elastic/themis_scenes.ts'

const dir = Deno.env.get('SHOAL_EVAL')
const data = dir ? await readThemis(dir) : undefined
if (data === undefined) {
  console.log('skipped: the data of Themis is not here (SHOAL_EVAL names its folder)')
}

Deno.test('its violations and its cores come out', { ignore: data === undefined }, () => {
  const { violationPercent, coresAtPeak } = data!.intro
  const run = (shape: Shape, policy: string) => {
    const scene = introScene(data!, shape)
    return runElastic(scene, createScaler(policy, optionsOf(scene), 'plain'))
  }
  const near = (shape: Shape, policy: string, percent: number) => {
    const { violationRatio } = run(shape, policy)
    const off = Math.abs(100 * violationRatio - percent)
    assert.ok(off < 0.5, `${shape} ${policy}: ${100 * violationRatio} %, not ${percent}`)
  }
  near('short', 'vertical-early', violationPercent.shortVertical)
  near('short', 'horizontal', violationPercent.shortHorizontal)
  near('long', 'themis', violationPercent.longVerticalThenHorizontal)
  near('ramp', 'vertical-early', violationPercent.rampVertical)
  near('ramp', 'horizontal', violationPercent.rampHorizontal)
  assert.equal(run('short', 'vertical-early').mostCores, coresAtPeak.vertical)
  assert.equal(run('long', 'themis').coresAt[40], coresAtPeak.horizontal)
})

Deno.test('a folder without the data is none; a file that is something else is named', async () => {
  const empty = await Deno.makeTempDir()
  assert.equal(await readThemis(empty), undefined)
  await Deno.mkdir(`${empty}/themis`)
  await Deno.writeTextFile(`${empty}/themis/profiles.json`, '{"head":1}')
  await assert.rejects(readThemis(empty), /Cannot use .*profiles\.json/)
  await Deno.remove(empty, { recursive: true })
})
