/**
 * The auditor as a process of its own: a node of one slot and one thread, of low priority, that
 * measures nothing. `startAuditor` starts it.
 *
 * @module
 */
import { readdir } from 'node:fs/promises'
import { constants, setPriority } from 'node:os'
import { parseArgs } from 'node:util'
import { createDenoHost } from '../../node/host_deno.ts'
import { createNode } from '../../node/node.ts'
import { createEnding } from '../ending.ts'
import { endWithStarter } from '../tied.ts'
import { variable } from '../variable.ts'
import { codecAssetUrls } from './codec_assets.ts'

/** With the least priority a busy machine would keep it from judging at all: this gets a tenth. */
const PRIORITY = constants.priority.PRIORITY_BELOW_NORMAL

/** Has this process work after all others; where that cannot be, beside them. */
async function goLast(): Promise<void> {
  try {
    setPriority(PRIORITY)
    // On Linux a thread alone has a priority: those of the engine take after this one, and those of
    // the runtime, which compile, are there already.
    if (Deno.build.os !== 'linux') return
    for (const thread of await readdir('/proc/self/task')) {
      setPriority(Number(thread), PRIORITY)
    }
  } catch {
    // It is asked little.
  }
}

const { values } = parseArgs({
  args: Deno.args,
  options: { join: { type: 'string', default: '' }, code: { type: 'boolean', default: false } },
})
void endWithStarter()
await goLast()
const token = variable('SHOAL_TOKEN')
const node = createNode({
  host: createDenoHost({ codecs: codecAssetUrls() }),
  url: values.join,
  name: 'auditor',
  code: values.code,
  measure: false,
  slots: 1,
  threads: 1,
  threadsPerRun: 1,
  backend: 'wasm',
  gpu: false,
  ...token === undefined ? {} : { token },
})
const end = createEnding((why: string) => void node.stop(why))
// Ctrl-C tells all processes of a terminal: what is inside may still be checked.
Deno.addSignalListener('SIGINT', () => {})
if (Deno.build.os !== 'windows') Deno.addSignalListener('SIGTERM', () => end('SIGTERM'))
await node.start()
const refusal = await node.left
if (refusal !== undefined) console.error(`the auditor is turned away: ${refusal.message}`)
Deno.exit(refusal === undefined ? 0 : 1)
