/**
 * Tells when files of a pipeline's folder changed.
 *
 * @module
 */
import { sep } from 'node:path'
import type { LoadedPipeline } from '../pipelines/load.ts'

/** A file is written in several goes: it is looked at when nothing came for so long. */
const SETTLE_MS = 300

/** @param changed told the name of the pipeline whose folder it is */
export async function watchFolders(
  pipelines: readonly LoadedPipeline[],
  changed: (name: string) => void,
): Promise<void> {
  const timers = new Map<string, ReturnType<typeof setTimeout>>()
  const dirs = await Promise.all(
    pipelines.map(async ({ dir, pipeline }) => [await Deno.realPath(dir), pipeline.name] as const),
  )
  for await (const { kind, paths } of Deno.watchFs(dirs.map(([dir]) => dir))) {
    if (kind === 'access') continue
    for (const [dir, name] of dirs) {
      if (!paths.some((path) => path === dir || path.startsWith(dir + sep))) continue
      clearTimeout(timers.get(name))
      timers.set(name, setTimeout(() => changed(name), SETTLE_MS))
    }
  }
}
