/** What the processes have in common that a bench starts to see what an engine takes. @module */
import type { Answer } from '../node/engine/answer.ts'
import { createCatalog } from '../node/models/catalog.ts'
import { PROTOCOL_VERSION, type Welcome } from '../protocol/messages.ts'
import { loadPipelines } from '../cli/pipelines/load.ts'

const { gc } = globalThis as { gc?: () => void }

/** In bytes, after what is garbage has gone: of a settled process the same again and again. */
export async function residentBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    gc?.()
    await new Promise((done) => setTimeout(done, 50))
  }
  return Deno.memoryUsage().rss
}

/** The pipeline of a folder as a node knows it, and where its models lie, by hash. */
export async function readCatalog(dir: string) {
  const [loaded] = await loadPipelines([dir], () => {})
  const { pipeline, models } = loaded!
  const welcome: Welcome = {
    ...{ type: 'welcome', protocol: PROTOCOL_VERSION, modelPath: '', heartbeatMs: 0 },
    pipelines: [pipeline as Welcome['pipelines'][number]],
    models: { [pipeline.name]: models },
  }
  const files = new Map(Object.values(models).map(({ sha256, file }) => [sha256, file]))
  return { pipeline, catalog: createCatalog(welcome), files }
}

/** What a worker answered. @throws Error where it could not: memory of what did not run says nothing */
export async function done<T>(asked: Promise<Answer<T>>): Promise<T> {
  const answer = await asked
  if (!answer.ok) throw new Error(`Cannot bench: ${answer.message}`)
  return answer.value
}
