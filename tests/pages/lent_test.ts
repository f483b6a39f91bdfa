/** What pages say of what is lent and what of it is in use. */
import { deepEqual, equal } from 'node:assert/strict'
import type { NodeInfo } from '../../src/client/types.ts'
import type { TabSnapshot } from '../../src/node/tab.ts'
import { useOf as useOfNode } from '../../src/pages/dashboard/nodes.ts'
import { wattsOf } from '../../src/pages/node/limits.ts'
import { lentNow } from '../../src/pages/node/view.ts'

type InUse = NodeInfo['inUse']

const snapshot = (inUse: InUse, more: Partial<TabSnapshot> = {}) =>
  ({ state: { phase: 'joined', inUse }, processors: 4, ...more }) as TabSnapshot

Deno.test('lentNow() tells the limit and what of it is in use', () => {
  const one = { slots: 1, duty: 1, threads: 1 }
  equal(lentNow(snapshot(one)), 'up to 4 processors. In use now: 1.')
  equal(
    lentNow(snapshot({ slots: 2, duty: 0.5, threads: 2 })),
    'up to 4 processors. In use now: 4, 50 % of the time.',
  )
  equal(
    lentNow(snapshot({ ...one, slots: 0, duty: 0.5 })),
    'up to 4 processors. In use now: 0 (this device rests until it is needed).',
  )
  equal(
    lentNow(snapshot({ ...one, duty: 0.5 }, { processors: 1, pausedBy: 'battery' })),
    '1 processor. In use now: 0.',
  )
})

Deno.test('the dashboard tells the use of each node against its limit', () => {
  const use = (limit: InUse, inUse: InUse) => useOfNode({ limit, inUse } as NodeInfo)
  const limit = { slots: 4, duty: 1, threads: 2 }
  equal(use(limit, { slots: 1, duty: 0.5, threads: 1 }), '1 of 4 slots, 50 %')
  equal(use(limit, { slots: 4, duty: 1, threads: 2 }), '4 of 4 slots, 2 threads')
  equal(use(limit, { slots: 0, duty: 0.5, threads: 2 }), '0 of 4 slots')
  const single = { slots: 1, duty: 1, threads: 1 }
  equal(use(single, single), '1 of 1 slot')
})

Deno.test('watts are two numbers in their order, or none', () => {
  deepEqual(wattsOf('5', '60.5'), { watts: { idle: 5, busy: 60.5 } })
  for (
    const [idle, busy] of [['', ''], ['5', ''], ['', '5'], ['6', '5'], ['-1', '5'], ['1', '1001']]
  ) {
    deepEqual(wattsOf(idle!, busy!), {})
  }
})
