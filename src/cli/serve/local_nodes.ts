/**
 * Deno nodes on this machine, as children of the command that starts them.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { createRestarts } from './restarts.ts'
import { spawnNode } from './spawn_node.ts'

export interface LocalNodes {
  /** Ends them and waits until they are gone. */
  stop(): Promise<void>
}

/**
 * Most workers that each begins with: as many as a page keeps busy. Each loads all models, and more
 * follow where measuring finds them worth it.
 */
const MOST_FIRST_SLOTS = 4

/** Workers that each of so many nodes on this machine begins with. */
export const firstSlots = (nodes: number): number =>
  Math.min(Math.max(1, Math.floor(navigator.hardwareConcurrency / nodes)), MOST_FIRST_SLOTS)

/** A node that was told to end and is there still by then hangs. */
const PATIENCE_MS = 5000

/**
 * Starts `count` nodes that join `url` with this token and these options; a node that dies by itself
 * is started again.
 */
export function startLocalNodes(
  url: string,
  count: number,
  log: (line: string) => void,
  token: string,
  options: readonly string[] = [],
): LocalNodes {
  const running = new Set<Deno.ChildProcess>()
  const stopping = new AbortController()
  const { signal: stopped } = stopping

  async function keep(name: string) {
    const pauseAfter = createRestarts()
    while (!stopped.aborted) {
      const startedMs = performance.now()
      const child = spawnNode(
        url,
        name,
        ['--first-slots', String(firstSlots(count)), ...options],
        token,
      )
      running.add(child)
      const { code, signal } = await child.status
      running.delete(child)
      if (stopped.aborted) return
      log(`node ${name} ended (${signal ?? `exit code ${code}`})`)
      // The coordinator let it go.
      if (signal === null && code === 0) return
      const pauseMs = pauseAfter(performance.now() - startedMs)
      if (pauseMs === undefined) return log(`node ${name} is not started again: it ended too often`)
      await pause(pauseMs, undefined, { signal: stopped }).catch(() => {})
    }
  }

  const all = Array.from({ length: count }, (_, i) => keep(`local-${i + 1}`))
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
    async stop() {
      stopping.abort()
      kill('SIGTERM')
      const timer = setTimeout(() => kill('SIGKILL'), PATIENCE_MS)
      await Promise.all(all)
      clearTimeout(timer)
    },
  }
}
