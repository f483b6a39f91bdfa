/**
 * Libraries that a worker imports when a model is there that needs them: each is a file beside the
 * worker's own, so that nobody else downloads it.
 *
 * @module
 */
import type { Plugin } from 'esbuild'
import { basename } from 'node:path'

const LIBRARIES: { readonly [name: string]: string } = {
  '@huggingface/tokenizers': 'tokenizers',
  '@huggingface/jinja': 'jinja',
}

/**
 * @param script bundles an entry point, and returns the path that it is served at
 * @returns what has a bundle import them from beside it
 */
export async function librariesBeside(
  script: (entry: string, name: string) => Promise<string>,
): Promise<Plugin> {
  const names = Object.keys(LIBRARIES)
  const paths = await Promise.all(names.map((name) => script(name, LIBRARIES[name]!)))
  return {
    name: 'libraries-beside',
    setup(build) {
      build.onResolve({ filter: new RegExp(`^(${names.join('|')})$`) }, ({ path }) => ({
        path: `./${basename(paths[names.indexOf(path)]!)}`,
        external: true,
      }))
    },
  }
}
