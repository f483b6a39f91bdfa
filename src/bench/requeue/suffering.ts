/**
 * Faults that a node's process brings on itself, one a line of its standard input: `terminate` ends its
 * workers silently, `destroy` loses its GPU device, `jump MS` moves its clock and timers on by a sleep.
 * @module
 */
import type { Clock } from '../../node/clock.ts'
import type { createDenoHost } from '../../node/host_deno.ts'
import { linesOf } from '../tools.ts'

type Host = ReturnType<typeof createDenoHost>
type Timer = { atMs: number; action: () => void; handle?: ReturnType<typeof setTimeout> }

/** The system's clock, until it jumps; what falls due in a jump is called late, in its order. */
function createSleepyClock(): Clock & { jump(ms: number): void } {
  let sleptMs = 0
  const timers = new Set<Timer>()
  const nowMs = () => performance.now() + sleptMs
  const arm = (timer: Timer) => {
    timer.handle = setTimeout(() => {
      timers.delete(timer)
      timer.action()
    }, Math.max(0, timer.atMs - nowMs()))
  }
  return {
    nowMs,
    after(ms, action) {
      const timer: Timer = { atMs: nowMs() + ms, action }
      timers.add(timer)
      arm(timer)
      return () => {
        clearTimeout(timer.handle)
        timers.delete(timer)
      }
    },
    jump(ms) {
      sleptMs += ms
      for (const timer of [...timers].sort((a, b) => a.atMs - b.atMs)) {
        clearTimeout(timer.handle)
        arm(timer)
      }
    },
  }
}

export function createSuffering() {
  const clock = createSleepyClock()
  const workers = new Set<Worker>()
  const channel = new BroadcastChannel('shoal-fault')
  return {
    worker: new URL('./worker.ts', import.meta.url),
    optionsOf: (host: Host) => ({
      clock,
      host: {
        ...host,
        createWorker() {
          const worker = host.createWorker()
          workers.add(worker)
          return worker
        },
      },
    }),
    /** Resolves when the process that started this one is gone. */
    async listen(): Promise<void> {
      for await (const line of linesOf(Deno.stdin.readable)) {
        const [fault, argument] = line.split(' ')
        if (fault === 'destroy') channel.postMessage('destroy')
        if (fault === 'jump') clock.jump(Number(argument))
        if (fault !== 'terminate') continue
        for (const worker of workers) worker.terminate()
        workers.clear()
      }
    },
  }
}
