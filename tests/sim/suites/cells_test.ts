/** The folder of results: each is there whole or not at all. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { replaceFile } from '../../../src/cli/writable.ts'
import type { Outcome } from '../../../src/sim/suites/rows.ts'
import { cellsOf, createCellStore } from '../../../src/sim/suites/run/cells.ts'

Deno.test('a result that cannot be read is run again', async () => {
  const dir = await Deno.makeTempDir()
  const scenario = { seed: 1, trace: { binSeconds: 1, rates: [1] } }
  const cases = [{ table: 't', row: 'r', scenario, contenders: [{ policy: 'loki' }] }]
  const [cell] = cellsOf({ name: 'any', about: '', cases: () => cases }, cases, 1, () => '')
  await Deno.mkdir(join(dir, 'cells'))
  await Deno.writeTextFile(join(dir, 'cells', `${cell!.key}.json`), '{"outcome":')
  assert.equal(await createCellStore(dir, replaceFile).find(cell!), undefined)
  await Deno.remove(dir, { recursive: true })
})

Deno.test('runs beside each other that end the same cell both keep it', async () => {
  const dir = await Deno.makeTempDir()
  const scenario = { seed: 1, trace: { binSeconds: 1, rates: [1] } }
  const cases = [{ table: 't', row: 'r', scenario, contenders: [{ policy: 'loki' }] }]
  const [cell] = cellsOf({ name: 'any', about: '', cases: () => cases }, cases, 1, () => '')
  const outcome = { tookS: 1 } as Outcome
  await Promise.all(
    Array.from({ length: 20 }, () => createCellStore(dir, replaceFile).keep(cell!, outcome)),
  )
  assert.deepEqual(await createCellStore(dir, replaceFile).find(cell!), outcome)
  const names = [...Deno.readDirSync(join(dir, 'cells'))].map(({ name }) => name)
  assert.deepEqual(names, [`${cell!.key}.json`])
  await Deno.remove(dir, { recursive: true })
})
