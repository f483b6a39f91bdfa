import { deepEqual, equal, ok } from 'node:assert/strict'
import { buildAssets } from '../../src/cli/serve/build_assets.ts'

Deno.test('libraries that few models need are files beside the worker, imported when one does', async () => {
  const files = await buildAssets()
  const worker = [...files.keys()].find((path) => path.startsWith('/assets/inference.'))!
  const textOf = (path: string) => new TextDecoder().decode(files.get(path)!.body as Uint8Array)
  const imported = [...textOf(worker).matchAll(/import\("(\.\/[^"]+)"\)/g)]
    .map(([, path]) => new URL(path!, `http://here${worker}`).pathname)
  deepEqual(imported.map((path) => path.replace(/\..*/, '')).sort(), [
    '/assets/jinja',
    '/assets/tokenizers',
  ])
  for (const path of imported) {
    equal(files.get(path)?.type, 'text/javascript; charset=utf-8')
    const url = URL.createObjectURL(new Blob([textOf(path)], { type: 'text/javascript' }))
    const { Tokenizer, Environment } = await import(url)
    ok(Tokenizer ?? Environment)
    URL.revokeObjectURL(url)
  }
})
