/** How long `start` waits before it tells where it serves. */
import { equal, ok } from 'node:assert/strict'
import type { NodeInfo } from '../../src/client/types.ts'
import { warmUp } from '../../src/cli/serve/warm_up.ts'

type Standing =
  | Pick<NodeInfo, 'instances' | 'progress'> & { loading?: boolean; slots?: number }
  | undefined

/** Seconds that it waits for one node that stands so at each second; ready once it holds something. */
async function waitedS(at: (second: number) => Standing, holdsAll = true): Promise<number> {
  let ms = 0
  const standing = () => at(ms / 1000)
  await warmUp({
    pool: {
      isLoading: () => standing()?.loading ?? false,
      ready: () => (standing()?.instances ?? 0) > 0,
      nodes: () =>
        [standing() ?? []].flat().map(({ slots = 1, ...one }) =>
          ({ id: 'a', inUse: { slots }, ...one }) as NodeInfo
        ),
    },
    ...{ holdsAll, nowMs: () => ms },
    pause: (forMs) => Promise.resolve(ms += forMs),
  })
  return Math.round(ms / 1000)
}

const none = { instances: 0, progress: null }
const download = (done: number) => ({
  instances: 0,
  progress: { label: 'only', done, total: 1000 },
})

Deno.test('warmUp() waits until the pool is ready, and for nothing that is loaded after that', async () => {
  equal(await waitedS((s) => ({ instances: s < 3 ? 0 : s < 7 ? 1 : 2, progress: null })), 3)
})

Deno.test('warmUp() waits long for a download that goes on, and not where nothing can be loaded', async () => {
  equal(
    await waitedS((s) => s < 200 ? download(Math.floor(s)) : { instances: 2, progress: null }),
    200,
  )
  ok(await waitedS(() => none) <= 30)
  // A node that was let go for good, after it tried.
  ok(await waitedS((s) => s < 15 ? none : undefined) <= 45)
  equal(await waitedS(() => none, false), 20)
})

Deno.test('warmUp() waits for a load that a slow machine is at, as long as its node does', async () => {
  const at = (lastS: number) => (s: number) =>
    s < lastS ? { ...none, loading: true } : { instances: 2, progress: null }
  equal(await waitedS(at(90)), 90)
  equal(await waitedS(at(Infinity)), 120)
})
