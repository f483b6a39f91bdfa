/** What befalls nodes, when, and which: from a seed, so that a run can be repeated. @module */
import { setTimeout as wait } from 'node:timers/promises'
import { createRandom, type Random, seedFor } from '../../sim/random.ts'
import type { ChaosScene } from './scene.ts'

export type FaultName = 'killed' | 'paused' | 'cut' | 'frozen'
const FAULTS: readonly FaultName[] = ['killed', 'paused', 'cut', 'frozen']

/** A node that is paused goes on after so long; its link is given up after six seconds. */
const PAUSED_MS = [1000, 9000] as const

export type Chaos = ReturnType<typeof startChaos>

const draw = <T>(random: Random, all: readonly T[]): T => all[Math.floor(random() * all.length)]!

/**
 * Every `everyMs` half of the nodes, chosen at random, suffer a fault each within that time, less those
 * that are not back from their last: on a slow machine, where coming back takes long, there would else
 * be nobody left.
 */
export function startChaos(scene: ChaosScene, seed: number, everyMs: number) {
  const random = createRandom(seedFor(seed, 'faults'))
  const counts = { killed: 0, paused: 0, cut: 0, frozen: 0 }
  const mending = new Set<Promise<void>>()
  const over = new AbortController()
  const down = new Set<string>()
  let serial = 0

  const pause = (ms: number) => wait(ms, undefined, { signal: over.signal }).catch(() => {})

  async function befall(name: string, fault: FaultName, forMs: number): Promise<void> {
    const node = scene.nodes.get(name)
    if (node === undefined) return
    counts[fault]++
    switch (fault) {
      case 'killed': {
        await scene.kill(name)
        // Another one comes in its place; nothing befalls it before it is there.
        const heir = `${name.split('+')[0]}+${++serial}`
        down.add(heir)
        await scene.addNode(heir).finally(() => down.delete(heir))
        return
      }
      case 'paused':
        node.child.kill('SIGSTOP')
        await pause(forMs)
        node.child.kill('SIGCONT')
        return scene.isBack(name)
      case 'cut':
      case 'frozen': {
        const back = scene.isBack(name, true)
        node.proxy[fault === 'cut' ? 'cut' : 'freeze']()
        return back
      }
    }
  }

  async function run(): Promise<void> {
    while (!over.signal.aborted) {
      const names = [...scene.nodes.keys()].filter((name) => !down.has(name)).sort()
      const most = Math.max(0, Math.floor(scene.nodes.size / 2) - down.size)
      const struck = Array.from({ length: Math.min(most, names.length) }, () => {
        const [name] = names.splice(Math.floor(random() * names.length), 1)
        const forMs = PAUSED_MS[0] + random() * (PAUSED_MS[1] - PAUSED_MS[0])
        return { name: name!, fault: draw(random, FAULTS), afterMs: random() * everyMs, forMs }
      })
      for (const { name, fault, afterMs, forMs } of struck) {
        const mended = pause(afterMs).then(async () => {
          if (over.signal.aborted) return
          down.add(name)
          await befall(name, fault, forMs).finally(() => down.delete(name))
        })
        mending.add(mended)
        void mended.finally(() => mending.delete(mended))
      }
      await pause(everyMs)
    }
  }
  const running = run()

  return {
    counts,
    /** No more faults. Resolves when every node is back, or another in its place. */
    async stop() {
      over.abort()
      await running
      await Promise.all(mending)
    },
  }
}
