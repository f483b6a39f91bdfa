/**
 * The scene of `deno task bench live`: a coordinator with the rules to look at, two nodes of two
 * kinds, one slot each, and the process that asks.
 *
 * @module
 */
import { join } from 'node:path'
import type { Scheduler } from '../policy/types.ts'
import { createCodecs } from '../stages/codecs.ts'
import { loadLocalCodec } from './codec_assets.ts'
import { type Coordinator, startCoordinator } from './coordinator.ts'
import type { LoadLine, LoadOrder } from './bench_live_load.ts'
import { loadPipelines } from './load_pipelines.ts'
import { hasNativeEngine } from './native_engine.ts'
import { fromFileUrl, ROOT } from './root.ts'
import { OCR } from './serving.ts'

const NODE = fromFileUrl(new URL('./bench_live_node.ts', import.meta.url))
const LOAD = fromFileUrl(new URL('./bench_live_load.ts', import.meta.url))
const NOTE = join(ROOT, 'demo', 'samples', 'note.png')
/** The first two of the sample note's lines. */
const CROP_HEIGHT = 215
const START_PATIENCE_MS = 120_000

export interface Scene {
  coordinator: Coordinator
  /** Slots of all nodes times the variants that each can hold. */
  instances: number
  ask(order: Omit<LoadOrder, 'url' | 'picture'>, told: (line: LoadLine) => void): Promise<void>
  end(): Promise<void>
}

/** Writes a small picture to ask with; few lines, so that a run does not take for ever. */
export async function makePicture(): Promise<string> {
  const codecs = createCodecs(loadLocalCodec)
  const note = await codecs.decode('image/png', await Deno.readFile(NOTE))
  const data = note.data.subarray(0, note.width * CROP_HEIGHT * note.channels)
  const file = await Deno.makeTempFile({ prefix: 'shoal-', suffix: '.jpg' })
  await Deno.writeFile(file, await codecs.encodeJpeg({ ...note, height: CROP_HEIGHT, data }, 90))
  return file
}

/** Names and backends of the two nodes; both on WebAssembly where there is no native engine. */
export async function kindsOfNodes(): Promise<[string, string][]> {
  const native = await hasNativeEngine()
  return [['live-quick', native ? 'native' : 'wasm'], ['live-slow', 'wasm']]
}

export async function openScene(
  policy: string,
  picture: string,
  wrap: (scheduler: Scheduler) => Scheduler,
  measure = false,
): Promise<Scene> {
  const pipelines = await loadPipelines([OCR], () => {})
  const log = (line: string) => {
    if (/fault|lost|silent|cannot|anew/.test(line)) console.log(`  ${line}`)
  }
  const coordinator = startCoordinator({ pipelines, port: 0, policy, wrap, log })
  const kinds = await kindsOfNodes()
  const children = kinds.map(([name, backend]) =>
    new Deno.Command(Deno.execPath(), {
      args: [
        ...['run', '-A', '--no-check', NODE, '--join', coordinator.localUrl, '--name', name],
        ...['--backend', backend, ...(measure ? ['--measure'] : [])],
      ],
      stdin: 'null',
      stdout: 'null',
      stderr: 'inherit',
    }).spawn()
  )
  const variants = Object.values(pipelines[0]!.pipeline.tasks)
    .reduce((sum, task) => sum + Object.keys(task.variants).length, 0)
  const { pool } = coordinator
  const held = () => pool.nodes().reduce((sum, node) => sum + node.instances, 0)
  const wanted = policy === 'shoal' ? variants * kinds.length : kinds.length
  const giveUpMs = performance.now() + START_PATIENCE_MS
  while (pool.nodes().length < kinds.length || !pool.ready() || held() < wanted) {
    if (performance.now() > giveUpMs) throw new Error(`Cannot start: ${held()} of ${wanted} loaded`)
    await new Promise((done) => setTimeout(done, 50))
  }
  return {
    coordinator,
    instances: variants * kinds.length,
    async ask(order, told) {
      const url = `${coordinator.localUrl}/v1/pipelines/ocr/infer`
      const child = new Deno.Command(Deno.execPath(), {
        args: ['run', '-A', '--no-check', LOAD, JSON.stringify({ ...order, url, picture })],
        stdin: 'null',
        stdout: 'piped',
        stderr: 'inherit',
      }).spawn()
      let rest = ''
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split('\n')
        rest = lines.pop()!
        for (const line of lines) told(JSON.parse(line))
      }
      const { success } = await child.status
      if (!success) throw new Error('Cannot ask: the load process failed')
    },
    async end() {
      for (const child of children) child.kill('SIGTERM')
      await Promise.all(children.map((child) => child.status))
      await coordinator.close(1000)
    },
  }
}
