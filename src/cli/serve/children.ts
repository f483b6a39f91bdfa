/**
 * Processes that belong to a command: started again when they die by themselves, ended with it.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { createRestarts } from './restarts.ts'

/** One that was told to end and is there still by then hangs. */
const PATIENCE_MS = 5000

export interface Children {
  /**
   * Keeps one running, by this name for people.
   *
   * @param isNeeded however often it ended
   */
  keep(name: string, start: () => Deno.ChildProcess, isNeeded?: boolean): void
  /** Ends them and waits until they are gone. */
  stop(): Promise<void>
}

export function createChildren(log: (line: string) => void): Children {
  const running = new Set<Deno.ChildProcess>()
  const stopping = new AbortController()
  const { signal: stopped } = stopping
  const all: Promise<void>[] = []

  async function keep(name: string, start: () => Deno.ChildProcess, isNeeded: boolean) {
    const pauseAfter = createRestarts(isNeeded)
    while (!stopped.aborted) {
      const startedMs = performance.now()
      const child = start()
      running.add(child)
      const { code, signal } = await child.status
      running.delete(child)
      if (stopped.aborted) return
      log(`${name} ended (${signal ?? `exit code ${code}`})`)
      // The coordinator let it go.
      if (signal === null && code === 0) return
      const pauseMs = pauseAfter(performance.now() - startedMs)
      if (pauseMs === undefined) return log(`${name} is not started again: it ended too often`)
      await pause(pauseMs, undefined, { signal: stopped }).catch(() => {})
    }
  }

  const kill = (signal: Deno.Signal) => {
    for (const child of running) {
      try {
        child.kill(signal)
      } catch {
        // Gone already.
      }
    }
  }
  return {
    keep: (name, start, isNeeded = false) => void all.push(keep(name, start, isNeeded)),
    async stop() {
      stopping.abort()
      kill('SIGTERM')
      const timer = setTimeout(() => kill('SIGKILL'), PATIENCE_MS)
      await Promise.all(all)
      clearTimeout(timer)
    },
  }
}
