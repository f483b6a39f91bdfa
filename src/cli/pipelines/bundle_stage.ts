/**
 * A program in a pipeline's folder, made one file that any node can run.
 *
 * @module
 */
import { build, stop } from 'esbuild'
import { join } from 'node:path'
import { ROOT } from '../root.ts'
import { type PreparedModel, store } from './content_store.ts'

/**
 * Bundles and stores it; nothing of it is run here.
 *
 * @param path of the file, inside the folder
 * @throws Error that says where it does not parse, or what it lacks
 */
export async function bundleStage(path: string, cacheDir: string): Promise<PreparedModel> {
  try {
    const { outputFiles, metafile } = await build({
      absWorkingDir: ROOT,
      entryPoints: [path],
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      target: 'es2022',
      platform: 'browser',
      legalComments: 'inline',
      logLevel: 'silent',
      alias: { shoal: join(ROOT, 'src', 'stages', 'hook.ts') },
    })
    const [output] = Object.values(metafile.outputs)
    if (output?.exports.includes('default') !== true) {
      throw new Error('it has no default export, which is to be the stage')
    }
    return await store(cacheDir, outputFiles[0]!.contents)
  } finally {
    // Its helper process would keep this one from ending.
    await stop()
  }
}
