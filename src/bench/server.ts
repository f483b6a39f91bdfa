/**
 * A coordinator in a process of its own, so that its memory and processor time are those of no other
 * part. Its argument says what it serves; it ends with its input, and its nodes with it.
 * @module
 */
import { join } from 'node:path'
import { checkPipeline } from '../pipeline/parse.ts'
import { buildAssets } from '../cli/serve/build_assets.ts'
import { startCoordinator } from '../cli/serve/coordinator.ts'
import { loadOtel } from '../cli/serve/otel.ts'
import { startServing } from '../cli/serve/serving.ts'
import type { LoadedPipeline } from '../cli/pipelines/load.ts'
import { fromFileUrl, ROOT } from '../cli/root.ts'
import { spawnTied } from '../cli/tied.ts'
import { answerLines, startChild } from './child.ts'
import { until } from './tools.ts'

export interface ServerOrder {
  /** Of `profiles`; a task that does nothing where absent. */
  pipeline?: string
  /** All of them where absent. */
  variants?: string[]
  /** Nodes beside it, of one slot unless their options say more; or one that does nothing. */
  nodes?: number
  options?: string[]
  idle?: boolean
  pages?: boolean
  /** Tells OpenTelemetry of its queries. */
  otel?: boolean
}

export interface ServerReady {
  url: string
  /** Processes of the nodes. */
  nodes: number[]
}

export const startServer = (order: ServerOrder, env: { [name: string]: string } = {}) =>
  startChild<ServerReady>('./server.ts', [JSON.stringify(order)], [], env)

const IDLE_NODE = fromFileUrl(new URL('./overhead/overhead_node.ts', import.meta.url))
/** Answers all batches at once. The more slots it has, the smaller they are. */
export const spawnIdleNode = (speaks: 'bare' | 'shoal', url: string): Deno.ChildProcess =>
  spawnTied([IDLE_NODE, speaks, url, '4'])

/** A pipeline of one task that has no model. */
export const passing = (name: string, sloMs: number, more: object = {}): LoadedPipeline => ({
  dir: '',
  models: {},
  pipeline: checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name, sloMs, root: 'pass' },
    tasks: { pass: { variants: { only: { accuracy: 1, referenceMs: 0.1 } }, ...more } },
    output: { passed: { each: 'pass', with: ['text'] } },
  }, 'bench'),
})

async function serve(order: ServerOrder): Promise<ServerReady> {
  const { pipeline, variants, nodes = 0, idle, pages, otel } = order
  const telemetry = otel === true ? await loadOtel() : undefined
  const options = {
    ...(telemetry === undefined ? {} : { otel: telemetry }),
    ...(pages === true ? { assets: await buildAssets() } : {}),
    log: () => {},
  }
  if (pipeline === undefined) {
    const pipelines = [passing('pass', 5000)]
    const { url, pool } = startCoordinator({ ...options, port: 0, pipelines })
    if (idle !== true) return { url, nodes: [] }
    const { pid } = spawnIdleNode('shoal', url)
    await until(() => pool.ready())
    return { url, nodes: [pid] }
  }
  const serving = await startServing([join(ROOT, 'profiles', pipeline)], {
    ...options,
    ...(variants === undefined ? {} : { variants }),
  })
  const pids: number[] = []
  for (let i = 0; i < nodes; i++) {
    pids.push((await serving.addNode(`bench-${i + 1}`, order.options)).pid)
  }
  return { url: serving.localUrl, nodes: pids }
}

if (import.meta.main) await answerLines(await serve(JSON.parse(Deno.args[0] ?? '{}')))
