/**
 * On a link that may cost: says what a join would download, before the click that asks for it.
 *
 * @module
 */
import type { PipelineInfo } from '../../client/types.ts'
import {
  type Downloads,
  leastModels,
  type ModelFile,
  type ServedVariant,
} from '../../node/models/downloads.ts'
import { MODEL_CACHE } from '../../node/host_browser.ts'
import { type Connection, isMetered } from '../../node/limits/metered.ts'
import { cachedHashes } from '../../node/models/model_cache.ts'
import { element, setText } from './dom.ts'

export interface MeteredOptions {
  /** What the page would join with. */
  token: string | undefined
  join: HTMLButtonElement
  allModels: HTMLInputElement
}

const PLAIN = 'Join with this device'
const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`

const connection = () =>
  (navigator as { connection?: Connection & Partial<EventTarget> }).connection

/** Keeps button and notice true to the link; resolves when they first are. */
export async function watchMetered(options: MeteredOptions): Promise<void> {
  const { join, allModels } = options
  let sizes: Promise<Record<Downloads, number> | undefined> | undefined

  async function update(): Promise<void> {
    const metered = isMetered(connection())
    element('metered').hidden = !metered
    if (!metered) return setText(join, PLAIN)
    const bytes = await (sizes ??= downloadSizes(options.token))
    if (bytes === undefined) return setText(join, 'Download the models and join')
    const part = (name: Downloads) => megabytes(bytes[name])
    setText(join, `Download ${part(allModels.checked ? 'all' : 'least')} and join`)
    setText(element('metered-size'), `at most ${part('least')}`)
    setText(element('metered-all'), part('all'))
  }

  const again = () => void update()
  connection()?.addEventListener?.('change', again)
  allModels.addEventListener('change', again)
  await update()
}

/**
 * Bytes of the engine for the processor, which every node needs, and of the models that are not in
 * this browser's cache yet; nothing where that is not told.
 */
async function downloadSizes(
  token: string | undefined,
): Promise<Record<Downloads, number> | undefined> {
  try {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const [engine, response] = await Promise.all([
      fetch('/node/engine.json'),
      fetch('/v1/pipelines', { headers }),
    ])
    const { bytes } = await engine.json() as { bytes: number }
    const { pipelines } = await response.json() as { pipelines: PipelineInfo[] }
    const there = new Set(
      'caches' in globalThis ? await cachedHashes(await caches.open(MODEL_CACHE)) : [],
    )
    const served = pipelines.flatMap(servedOf)
    const all = served.flatMap(({ model }) => model ?? [])
    return {
      all: bytes + bytesOf(all, there),
      least: bytes + bytesOf(leastModels(served).values(), there),
    }
  } catch {
    return undefined
  }
}

function bytesOf(models: Iterable<ModelFile>, there: ReadonlySet<string>): number {
  const missing = [...models].filter(({ sha256 }) => !there.has(sha256))
  return [...new Map(missing.map(({ sha256, bytes }) => [sha256, bytes])).values()]
    .reduce((sum, bytes) => sum + bytes, 0)
}

const servedOf = ({ name, tasks }: PipelineInfo): ServedVariant[] =>
  Object.entries(tasks).flatMap(([task, { variants }]) =>
    Object.entries(variants).map(([variant, { accuracy, model }]) => (
      { pipeline: name, task, variant, accuracy, model }
    ))
  )
