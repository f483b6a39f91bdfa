/**
 * A coordinator that can be killed: `restart_child.ts PORT STORE DIR HASH...` prints where it
 * serves. Nodes come with the keys of these hashes.
 * @module
 */
import { createKeyring } from '../../coordinator/core/keys.ts'
import { startCoordinator } from '../../cli/serve/coordinator.ts'
import { withQuickest } from '../../cli/pipelines/fewer_variants.ts'
import { loadPipelines } from '../../cli/pipelines/load.ts'
import { endWithStarter } from '../../cli/tied.ts'
import { trustOptions } from '../../cli/serve/trust.ts'

void endWithStarter()
const [port = '0', store = '', dir = '', ...hashes] = Deno.args
const pipelines = (await loadPipelines([dir], () => {})).map((one) => withQuickest(one))
const coordinator = startCoordinator({
  ...{ pipelines, port: Number(port), store, hedge: true },
  trust: await trustOptions(pipelines),
  keyring: createKeyring(
    hashes.map((sha256, i) => ({ name: `node ${i}`, role: 'node', sha256 })),
  ),
  log: (line) => console.log(line),
})
console.log(`serving on ${coordinator.localUrl}`)
Deno.addSignalListener('SIGTERM', async () => {
  await coordinator.close()
  Deno.exit(0)
})
