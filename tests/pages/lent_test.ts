/** What the join page says of what is lent and what of it is in use. */
import { equal } from 'node:assert/strict'
import type { TabSnapshot } from '../../src/node/tab.ts'
import { lentNow } from '../../src/pages/node/view.ts'

const snapshot = (
  inUse: { slots: number; duty: number; threads: number },
  more: Partial<TabSnapshot> = {},
) => ({ state: { phase: 'joined', inUse }, processors: 4, ...more }) as TabSnapshot

Deno.test('lentNow() tells the limit and what of it is in use', () => {
  equal(
    lentNow(snapshot({ slots: 1, duty: 1, threads: 1 })),
    'up to 4 processors; in use now: 1',
  )
  equal(
    lentNow(snapshot({ slots: 2, duty: 0.5, threads: 2 })),
    'up to 4 processors; in use now: 4, 50 % of the time',
  )
  const one = { slots: 1, duty: 0.5, threads: 1 }
  equal(
    lentNow(snapshot(one, { processors: 1, pausedBy: 'battery' })),
    '1 processor; in use now: 0',
  )
})
