/**
 * Tells when files of a pipeline's folder changed.
 *
 * @module
 */
import { dirname, resolve, sep } from 'node:path'
import type { LoadedPipeline } from '../pipelines/load.ts'

/** A file is written in several goes: it is looked at when nothing came for so long. */
const SETTLE_MS = 300

/** @param changed told the name of the pipeline whose folder it is */
export async function watchFolders(
  pipelines: readonly LoadedPipeline[],
  changed: (name: string) => void,
): Promise<void> {
  const timers = new Map<string, ReturnType<typeof setTimeout>>()
  const folders = pipelines.map(({ dir, pipeline }) => [resolve(dir), pipeline.name] as const)
  let inside: Deno.FsWatcher | undefined

  function soon(name: string): void {
    clearTimeout(timers.get(name))
    timers.set(name, setTimeout(() => changed(name), SETTLE_MS))
  }

  async function watchInside(dirs: readonly (readonly [dir: string, name: string])[]) {
    inside = dirs.length === 0 ? undefined : Deno.watchFs(dirs.map(([dir]) => dir))
    for await (const { kind, paths } of inside ?? []) {
      if (kind === 'access') continue
      for (const [dir, name] of dirs) {
        if (paths.some((path) => path === dir || path.startsWith(dir + sep))) soon(name)
      }
    }
  }

  /** Where they are just now: a link may lead elsewhere by then, and one that is away has no place. */
  async function placesOf() {
    const all = folders.map(async ([dir, name]) => {
      const real = await Deno.realPath(dir).catch(() => undefined)
      return real === undefined ? [] : [[real, name] as const]
    })
    return (await Promise.all(all)).flat()
  }

  const watch = () =>
    void watchInside(places).catch((error) => {
      // Gone since it was looked for: when it is back that is seen.
      if (!(error instanceof Deno.errors.NotFound)) throw error
    })

  let places = await placesOf()
  watch()
  const parents = new Set([...folders, ...places].map(([dir]) => dirname(dir)))
  // Of one that another took the place of nothing is heard any more: where it lies, that is seen.
  for await (const { kind, paths } of Deno.watchFs([...parents], { recursive: false })) {
    const replaced = [...folders, ...places].filter(([dir]) => paths.includes(dir))
    if (kind === 'access' || replaced.length === 0) continue
    inside?.close()
    places = await placesOf()
    watch()
    for (const [, name] of replaced) soon(name)
  }
}
