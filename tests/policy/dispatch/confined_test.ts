/** Items that only some slots do go first there. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import { createPool, nodeOf, refsOf, single } from '../fixtures.ts'

const ref = (variant: string) => ({ pipeline: 'single', task: 'find', variant })

/** Whose items the slot that is exact is sent next, once one came that asks for this behind others. */
function sentNext(minAccuracy: number): string[] {
  const pool = createPool([single])
  pool.join(nodeOf('quick', [single], { able: [ref('quick')] }))
  pool.join(nodeOf('exact', [single], { able: [ref('exact')] }))
  pool.run(1000)
  for (let i = 0; i < 12; i++) pool.ask(`other ${i}`, 'single', 900)
  pool.ask('asking', 'single', 950, minAccuracy)
  const before = pool.commands.length
  pool.run(3000)
  assert.deepEqual(pool.violations, [])
  const sent = pool.commands.slice(before).flatMap(({ command }) =>
    command.type === 'dispatch' && command.node === 'exact' ? [command] : []
  )
  return sent[0]!.items.map(({ query }) => query)
}

Deno.test('a slot first does what only it can do', () => {
  assert.equal(sentNext(1)[0], 'asking')
})

Deno.test('a least accuracy that all slots reach brings nobody forward', () => {
  assert.ok(!sentNext(0.5).includes('asking'))
})

Deno.test('of what only it can do a slot first does what is most urgent, of whatever pipeline', () => {
  const other = checkPipeline({ ...single, name: 'other' }, 'other.json')
  const pipelines = [single, other]
  const able = (wanted: string) =>
    pipelines.flatMap(refsOf).filter(({ variant }) => variant === wanted)
  for (const [urgent, patient] of [['single', 'other'], ['other', 'single']] as const) {
    const pool = createPool(pipelines)
    for (const own of ['quick', 'exact']) pool.join(nodeOf(own, pipelines, { able: able(own) }))
    pool.run(1000)
    for (const { name } of pipelines) {
      for (let i = 0; i < 6; i++) pool.ask(`${name} ${i}`, name, 800)
    }
    const before = pool.commands.length
    for (const { name } of pipelines) {
      pool.ask(name === urgent ? 'urgent' : 'patient', name, name === urgent ? 850 : 950, 1)
    }
    pool.run(3000)
    assert.deepEqual(pool.violations, [])
    const sent = pool.commands.slice(before).flatMap(({ command }) =>
      command.type === 'dispatch' && command.node === 'exact' ? command.items : []
    )
    assert.equal(sent[0]!.query, 'urgent', `urgent is ${urgent}, patient ${patient}`)
  }
})
