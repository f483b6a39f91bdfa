/**
 * The coordinator is ended under load and started again: how long until it serves, what clients
 * saw meanwhile, what was kept.
 * @module
 */
import { listed } from '../tools.ts'
import { type RestartOutcome, startRestartScene } from './restart_scene.ts'

const TIMES = 3

export async function benchRestart() {
  const scene = await startRestartScene(3)
  const outcomes: RestartOutcome[] = []
  try {
    for (let i = 0; i < 40; i++) await scene.ask()
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      for (let i = 0; i < TIMES; i++) {
        // What is learned is written every few seconds.
        const untilMs = performance.now() + 7000
        while (performance.now() < untilMs) await scene.ask()
        outcomes.push(await scene.restart(signal))
      }
    }
  } finally {
    await scene.end()
  }
  console.table(outcomes.map(({ signal, servingAgainMs, sinceStartMs, seen, passed }) => ({
    signal,
    'serving again, ms': Math.round(servingAgainMs),
    'of that since the start': Math.round(sinceStartMs),
    'clients saw': listed(seen),
    'checks passed, before and after': passed.join(' and '),
  })))
  console.log(outcomes[0]?.remembered)
  return outcomes
}
