/**
 * One policy's turn: the demand played to its pool, and what came of it.
 *
 * @module
 */
import { durationS } from '../src/sim/arrivals.ts'
import type { Trace } from '../src/sim/scenario_schema.ts'
import { loadInProcess } from './load/process.ts'
import { isOnTime, type LoadResult, tally } from './load/tally.ts'
import type { Asked, Body } from './load/types.ts'
import type { Scene } from './scene.ts'

export interface PlayOptions {
  scene: Scene
  policy: string
  pipeline: string
  sloMs: number
  trace: Trace
  seed: number
  bodies: readonly Body[]
  /** What happens to tabs in the middle. */
  closings: readonly { atS: number; tab: string }[]
  say(line: string): void
}

export interface Played {
  policy: string
  result: LoadResult
  /** Nodes that ran a batch of late, by the second; and nodes there at all. */
  activeNodes: number[]
  presentNodes: number[]
  /** In order. */
  events: { atS: number; what: string }[]
}

const SAMPLE_MS = 250
const TELL_EVERY_S = 5

export async function play(options: PlayOptions): Promise<Played> {
  const { scene, policy, pipeline, sloMs, trace, seed, bodies, closings, say } = options
  const { localUrl: url, pool } = scene.coordinator
  const asked: Asked[] = []
  const events: Played['events'] = []
  const samples: { active: number; present: number; count: number }[] = []
  const lengthS = durationS(trace)
  let startMs = performance.now()
  const passedS = () => (performance.now() - startMs) / 1000

  function look(): void {
    const second = Math.floor(passedS())
    if (second >= lengthS) return
    const sample = samples[second] ??= { active: 0, present: 0, count: 0 }
    const nodes = pool.nodes()
    sample.count++
    sample.present += nodes.length
    sample.active += nodes.filter(({ state }) => state === 'active').length
  }

  let told = 0
  function tell(): void {
    const fresh = asked.slice(told)
    told = asked.length
    const good = fresh.filter((one) => isOnTime(one, sloMs))
    const accuracy = good.reduce((sum, one) => sum + (one.accuracy ?? 0), 0) / good.length
    const rate = trace.rates[Math.floor(passedS() / trace.binSeconds)] ?? 0
    const nodes = pool.nodes()
    const active = nodes.filter(({ state }) => state === 'active').length
    say(
      `  ${policy} ${passedS().toFixed(0)} of ${lengthS} s: demand ${rate.toFixed(1)}/s, ` +
        `${good.length} of ${fresh.length} answers on time, ` +
        `accuracy ${good.length > 0 ? accuracy.toFixed(3) : '-'}, ` +
        `${active} of ${nodes.length} nodes active`,
    )
  }

  const timers: ReturnType<typeof setTimeout>[] = []
  const closing: Promise<void>[] = []
  function started(): void {
    startMs = performance.now()
    timers.push(setInterval(look, SAMPLE_MS), setInterval(tell, 1000 * TELL_EVERY_S))
    for (const { atS, tab } of closings) {
      closing.push(
        new Promise<void>((done, failed) => {
          timers.push(setTimeout(() => {
            events.push({ atS: Number(passedS().toFixed(1)), what: `${tab} closed` })
            say(`  ${tab} is closed`)
            scene.closeTab(tab).then(done, failed)
          }, 1000 * atS))
        }),
      )
    }
  }
  try {
    const order = { url, pipeline, trace, arrivals: 'poisson', seed } as const
    await loadInProcess(order, bodies, (one) => asked.push(one), started)
    await Promise.all(closing)
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
  const mean = (pick: (sample: typeof samples[number]) => number) =>
    Array.from(samples, (one) => one === undefined ? 0 : pick(one) / one.count)
  return {
    policy,
    events,
    result: tally(asked, sloMs),
    activeNodes: mean(({ active }) => active),
    presentNodes: mean(({ present }) => present),
  }
}
