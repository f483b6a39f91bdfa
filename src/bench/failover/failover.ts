/**
 * Two nodes, one killed in the middle of a batch, many times over: how each query ended, and how
 * long it took.
 *
 * @module
 */
import {
  type NodeProcess,
  SAMPLE_PAGE,
  type Serving,
  startServing,
} from '../../cli/serve/serving.ts'
import { median } from '../../cli/statistics.ts'

const REPETITIONS = 50

export async function benchFailover() {
  const page = await Deno.readFile(SAMPLE_PAGE)
  const serving = await startServing()
  const nodes = new Map<string, NodeProcess>()
  let serial = 0
  const add = async () => {
    const node = await serving.addNode(`node-${++serial}`)
    nodes.set(node.name, node)
  }
  try {
    await Promise.all([add(), add()])
    const outcomes: Record<string, number> = {}
    const tookMs: number[] = []
    let requeued = 0
    for (let i = 0; i < REPETITIONS; i++) {
      const startMs = performance.now()
      const query = fetch(`${serving.url}/v1/pipelines/ocr/infer`, {
        method: 'POST',
        headers: { 'content-type': 'image/jpeg' },
        body: page,
      })
      const victim = await busyNode(serving, nodes, query)
      victim?.kill()
      const response = await query
      const body = await response.json()
      const status = response.ok ? '200' : `${response.status} ${body.reason}`
      const outcome = victim === undefined ? `${status}, before a node had it` : status
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      if (victim === undefined) continue
      tookMs.push(performance.now() - startMs)
      if (
        response.ok && !body.stages.some((stage: { node: string }) => stage.node === victim.name)
      ) {
        requeued++
      }
      await victim.ended
      nodes.delete(victim.name)
      await add()
    }
    const result = {
      repetitions: REPETITIONS,
      killed: tookMs.length,
      outcomes,
      answeredWithoutTheDeadNode: requeued,
      medianMs: median(tookMs),
      maxMs: Math.max(...tookMs),
    }
    console.log(result)
    return result
  } finally {
    await serving.end()
  }
}

/** The node that runs a batch right now; nothing where the query has ended before one did. */
export async function busyNode(
  { pool }: Pick<Serving, 'pool'>,
  nodes: ReadonlyMap<string, NodeProcess>,
  query: Promise<unknown>,
): Promise<NodeProcess | undefined> {
  let isOver = false
  const over = () => void (isOver = true)
  query.then(over, over)
  while (!isOver) {
    for (const { id, name } of pool.nodes()) {
      const node = nodes.get(name)
      if (node !== undefined && pool.batchesOn(id) > 0) return node
    }
    await new Promise((done) => setTimeout(done, 1))
  }
  return undefined
}
