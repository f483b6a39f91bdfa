/** When a node that holds nothing says that loading failed, and when it is still getting ready. */
import { equal } from 'node:assert/strict'
import { createWatch, type NodeEvent } from '../../src/node/state.ts'

const failed = (variant: string, message: string) =>
  ({ type: 'load_failed', slot: 0, variant, message }) as const
const loading = (variant: string, slot = 0) => ({ type: 'loading', slot, variant }) as const

function fixture() {
  const watch = createWatch(1)
  return {
    watch,
    after(...events: NodeEvent[]) {
      for (const event of events) watch.emit(event)
      return watch.state.loadFailed
    },
  }
}

Deno.test('the last failure is told once nothing is on its way, and no more when a load begins', () => {
  const { after } = fixture()
  equal(after(loading('a'), loading('b')), undefined)
  equal(after(failed('a', 'too large')), undefined)
  equal(after(failed('b', 'not found')), 'not found')
  equal(after(loading('a')), undefined)
  equal(after({ type: 'unloaded', slot: 0, variant: 'a' }), undefined)
})

Deno.test('a node that holds something has not failed', () => {
  const { watch, after } = fixture()
  after(loading('a'), loading('b'))
  watch.emit({ type: 'ready', slot: 0, variant: 'a', loadMs: 1 }, { ready: ['0 a'] })
  equal(after(failed('b', 'not found')), undefined)
  // Its worker is lost: what it held is loaded into the next one.
  watch.emit({ type: 'restarted', slot: 0, message: 'died' }, { ready: [] })
  equal(after(failed('b', 'not found')), undefined)
  equal(after(failed('a', 'died again')), 'died again')
})

Deno.test('what was on its way to a slot that is given up is waited for no more', () => {
  const { after } = fixture()
  after(loading('a', 1), loading('a'))
  equal(after({ type: 'slots', slots: 1 }, failed('a', 'not found')), 'not found')
})
