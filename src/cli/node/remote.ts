/**
 * A node on a machine without a checkout: everything comes from the coordinator, and nothing but
 * the network to it is permitted. Bundled, and run by the loader at `/node.js`.
 *
 * @module
 */
import { builtPaths, workerAssets } from '../../node/assets.ts'
import { createDenoHost } from '../../node/host_deno.ts'
import { createNode } from '../../node/node.ts'
import { createEnding } from '../ending.ts'
import { fail, readNodeArgs } from './args.ts'
import { lineOf } from './lines.ts'

export interface RemoteRun {
  /** The coordinator. */
  url: string
  /** Path of this very build. */
  build: string
  args: readonly string[]
}

const USAGE = (url: string) =>
  `deno run -r --allow-net=${new URL(url).host} ${url}/node.js [options]
  --name NAME      what this node is called
  --slots N        workers to run, instead of as many as prove worth it
  --threads N      processors to keep busy at most
  --duty 1         share of the time to work, 0.01 to 1
  --memory MB      memory to take at most
  --disk MB        disk for models at most; 1000 if absent
  --downloads all  all models, or least: only the smallest of each task
  --backend auto   auto, wasm or webgpu
  --gpu on         whether auto may use the GPU: on or off
  --cold           download nothing until the pool needs this node
  --code           run programs that pipelines bring, too; they reach the coordinator, no more
  --watts 20,80    what the device takes at rest and busy: for energy, and for who may rest
  --token TOKEN    what the coordinator asks for, if it does`

/** Serves until told to stop. Resolves with true where the coordinator now serves another build. */
export async function run({ url, build, args }: RemoteRun): Promise<boolean> {
  const { join, named: _, ...options } = readNodeArgs(args, () => USAGE(url))
  if (join !== undefined) fail(`Cannot use --join: this node joins ${url}`)
  if (options.backend === 'native') fail('Cannot use --backend native: it needs a checkout')
  const paths = builtPaths()
  const host = createDenoHost({
    worker: new URL(paths.inference, url),
    ...workerAssets(paths, url),
  })
  const node = createNode({ ...options, url, host })
  let renewed = false
  let joins = 0

  /** A coordinator that came back may have come back as another version. */
  async function lookForRenewal(): Promise<void> {
    const answer = await fetch(new URL('/node/build.json', url))
    const { node: current } = await answer.json() as { node: string }
    if (current === build || renewed) return
    renewed = true
    console.log('the coordinator serves a newer build; starting again with that')
    await node.stop('a newer build is there')
  }

  node.subscribe((event) => {
    const line = lineOf(event)
    if (line !== undefined) (line.faulty ? console.error : console.log)(line.text)
    // Failing to ask is no harm: the node works as it is, or is refused with what mends it.
    if (event.type === 'joined' && joins++ > 0) lookForRenewal().catch(() => {})
  })
  let asked = false
  const stay = host.onExit(createEnding((why) => {
    asked = true
    void node.stop(why)
  }))
  await node.start().catch((error) => fail(error.message))
  const refusal = await node.left
  await node.stop()
  stay()
  if (renewed && !asked) return true
  if (refusal !== undefined) {
    const remedy = refusal.remedy === undefined ? '' : `. What to do: ${refusal.remedy}`
    console.error(`Cannot join ${url}: ${refusal.message}${remedy}`)
  }
  Deno.exit(refusal === undefined ? 0 : 1)
}
