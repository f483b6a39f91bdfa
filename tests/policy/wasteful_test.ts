/** Slots that hold one variant each, where all of their time is needed. */
import assert from 'node:assert/strict'
import { createPool, nodeOf, ocr } from './fixtures.ts'

const SECONDS = 10
const RATE_PER_S = 60
const ITEMS = 7

Deno.test('a pool that is just busy loses few queries: it does not fall back to batches of one', () => {
  const pool = createPool([ocr], { childCount: () => ITEMS })
  const holder = (id: string, variant: string) => {
    const node = nodeOf(id, [ocr])
    const latencyMs = (ref: { variant: string }, batch: number) =>
      ref.variant === 'big' ? 20 + 2 * batch : ref.variant === 'small' ? 40 * batch : 5 * batch
    pool.join({ ...node, latencyMs, able: node.able.filter((ref) => ref.variant === variant) })
  }
  for (let i = 0; i < 3; i++) holder(`small ${i}`, 'small')
  holder('tiny', 'tiny')
  holder('big', 'big')
  pool.run(1000)
  for (let i = 0; i < SECONDS * RATE_PER_S; i++) {
    pool.time.at(1000 + i * 1000 / RATE_PER_S, () => pool.ask(`q${i}`, 'ocr', 300))
  }
  pool.run(1000 + SECONDS * 1000 + 1000)
  const sizes = pool.commands.flatMap(({ command }) =>
    command.type === 'dispatch' && command.variant === 'big' ? [command.items.length] : []
  )
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length
  assert.ok(mean > 3, `${mean} items in a batch`)
  const late = [...pool.answers.values()].filter(([one]) => !one!.answer.ok).length
  assert.ok(late < 0.1 * pool.answers.size, `${late} of ${pool.answers.size} without a result`)
})
