/**
 * Deno nodes on this machine, as children of the command that starts them.
 *
 * @module
 */
import { spawnNode } from './spawn_node.ts'

export interface LocalNodes {
  /** Ends them and waits until they are gone. */
  stop(): Promise<void>
}

/**
 * A child that dies is started again, each time after twice the pause, this often at most. One that
 * ended well was let go by the coordinator.
 */
const MAX_RESTARTS = 5

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
  let stopping = false

  async function keep(name: string) {
    for (let restarts = 0; !stopping && restarts <= MAX_RESTARTS; restarts++) {
      const child = spawnNode(url, name, options, token)
      running.add(child)
      const { code, signal } = await child.status
      running.delete(child)
      if (stopping) return
      log(`node ${name} ended (${signal ?? `exit code ${code}`})`)
      if (signal === null && code === 0) return
      await new Promise((done) => setTimeout(done, 500 * 2 ** restarts))
    }
  }

  const all = Array.from({ length: count }, (_, i) => keep(`local-${i + 1}`))
  return {
    async stop() {
      stopping = true
      for (const child of running) {
        try {
          child.kill('SIGTERM')
        } catch {
          // Gone already.
        }
      }
      await Promise.all(all)
    },
  }
}
