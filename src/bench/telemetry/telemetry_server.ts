/**
 * A coordinator for `deno task bench telemetry`: of `pass`, which does nothing, or `shelf` with a node.
 * `told` tells of its queries, `plain` leaves that to the runtime, if that does.
 *
 * @module
 */
import { join } from 'node:path'
import { ROOT } from '../../cli/root.ts'
import { loadOtel } from '../../cli/serve/otel.ts'
import { startServing } from '../../cli/serve/serving.ts'
import { answerLines } from '../child.ts'
import { startPass } from '../overhead/pass.ts'

const [pipeline, telling] = Deno.args
const otel = telling === 'told' ? await loadOtel() : undefined
const options = otel === undefined ? {} : { otel }

async function startShelf(): Promise<string> {
  const serving = await startServing([join(ROOT, 'profiles', 'shelf')], options)
  await serving.addNode('telemetry')
  return serving.url
}

await answerLines(
  pipeline === 'shelf' ? await startShelf() : startPass(options),
  () => Promise.resolve(null),
)
