/**
 * The served half of `deno task bench overload` and `soak`: a coordinator in a process of its own,
 * so that its memory and processor time are nobody else's, and nodes as its children.
 *
 * Takes the number of nodes; each line that it is sent is answered by how the pool stands.
 *
 * @module
 */
import { startServing } from '../cli/serve/serving.ts'
import { answerLines } from './child.ts'

export interface PoolReady {
  url: string
  /** Processes of the nodes. */
  nodes: number[]
}

export interface PoolStanding {
  inside: number
  faults: string[]
}

const faults: string[] = []
const serving = await startServing(undefined, {
  log: (line, level) => {
    if (level === 'error') faults.push(line)
  },
})
const nodes: number[] = []
for (let i = 0; i < Number(Deno.args[0] ?? 1); i++) {
  nodes.push((await serving.addNode(`bench-${i + 1}`)).pid)
}
const ready: PoolReady = { url: serving.localUrl, nodes }
await answerLines(
  ready,
  (end: boolean): Promise<PoolStanding> =>
    end
      ? serving.end().then(() => ({ inside: 0, faults }))
      : Promise.resolve({ inside: serving.pool.queriesInFlight(), faults }),
)
