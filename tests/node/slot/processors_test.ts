import { deepEqual, equal } from 'node:assert/strict'
import { createProcessors } from '../../../src/node/slot/processors.ts'

Deno.test('runs of one thread wait for none, whatever their number', async () => {
  const enter = createProcessors(() => 1)
  const all = await Promise.all([enter(1), enter(1), enter(1)])
  equal(all.length, 3)
})

Deno.test('runs of several threads take no more processors together than there are', async () => {
  const enter = createProcessors(() => 4)
  const order: string[] = []
  const run = (name: string, threads: number) =>
    enter(threads).then((over) => {
      order.push(name)
      return over
    })
  const wide = await run('wide', 4)
  const narrow = [run('a', 1), run('b', 1), run('c', 2), run('d', 1)]
  await Promise.resolve()
  deepEqual(order, ['wide'])
  wide()
  const over = await Promise.all(narrow.slice(0, 3))
  deepEqual(order, ['wide', 'a', 'b', 'c'])
  over[0]!()
  await narrow[3]
  equal(order.at(-1), 'd')
  // One that is wider than all there is runs alone.
  const huge = run('huge', 9)
  over[1]!()
  over[2]!()
  await Promise.resolve()
  equal(order.at(-1), 'd')
  ;(await narrow[3])!()
  await huge
})
