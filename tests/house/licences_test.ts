/** Every package that the project fetches or hands on is named among its licences. */
import { build, stop } from 'esbuild'
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { buildAssets } from '../../src/cli/serve/build_assets.ts'
import { ROOT } from '../../src/cli/root.ts'

const text = await Deno.readTextFile(join(ROOT, 'docs', 'LICENCES.md'))
const sectionOf = (title: string) =>
  text.split(/^## /m).find((section) => section.startsWith(`${title}\n`)) ?? assert.fail(title)

/** By itself, or with all of its scope as `@scope/*`. */
function isNamed(name: string, where: string): boolean {
  const scope = name.startsWith('@') ? `${name.split('/')[0]}/*` : name
  return where.split(/[\s,;|`]+/).some((word) => word === name || word === scope)
}

const notNamed = (names: Iterable<string>, where: string) =>
  [...new Set(names)].filter((name) => !isNamed(name, where))

interface Lock {
  /** By name and version; a dependency is a name, with its version where there are several. */
  npm: Record<string, { dependencies?: string[]; optionalDependencies?: string[] }>
}

const nameOf = (package_: string) => package_.replace(/(?!^)@.*$/, '')

/** These packages and all that they bring. */
function withTheirs(names: readonly string[], { npm }: Lock): string[] {
  const all = new Set(Object.keys(npm).filter((key) => names.includes(nameOf(key))))
  for (const one of all) {
    const { dependencies = [], optionalDependencies = [] } = npm[one]!
    for (const wanted of [...dependencies, ...optionalDependencies]) {
      for (const key of Object.keys(npm)) {
        if (key === wanted || nameOf(key) === wanted) all.add(key)
      }
    }
  }
  return [...all].map(nameOf)
}

Deno.test('docs/LICENCES.md names each package that serving or testing fetches, with all it brings', async () => {
  const read = async (name: string) => JSON.parse(await Deno.readTextFile(join(ROOT, name)))
  const [file, lock] = [await read('package.json'), await read('deno.lock')]
  const serving = withTheirs(Object.keys(file.dependencies), lock)
  assert.ok(serving.length > Object.keys(file.dependencies).length)
  assert.deepEqual(notNamed(serving, sectionOf('What serving, profiling and the demo use')), [])
  assert.deepEqual(notNamed(Object.keys(lock.npm).map(nameOf), text), [])
})

Deno.test('docs/LICENCES.md names each package of which a part is handed to browsers and nodes', async () => {
  const handed = sectionOf('What the coordinator hands to browsers and nodes')
  const entryPoints = [
    ...['workers/inference.ts', 'workers/node.ts', 'src/cli/node/remote.ts'],
    ...['node', 'dashboard', 'try'].map((page) => `src/pages/${page}/main.ts`),
  ]
  try {
    const { metafile } = await build({
      ...{ absWorkingDir: ROOT, entryPoints, bundle: true, write: false, metafile: true },
      ...{ format: 'esm', platform: 'browser', outdir: '.', logLevel: 'silent' },
      external: ['onnxruntime-web', 'onnxruntime-web/*', 'onnxruntime-node', 'node:*'],
    })
    const packages = Object.keys(metafile.inputs).flatMap((path) =>
      /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []
    )
    assert.ok(packages.includes('zod'))
    assert.deepEqual(notNamed(packages, handed), [])
  } finally {
    await stop()
  }
  // What is handed on as it is.
  const binaries = [...(await buildAssets()).keys()].flatMap((path) =>
    /([^/]+)\.[\da-f]+\.wasm$/.exec(path)?.[1] ?? []
  )
  const codecs = binaries.filter((name) => !name.startsWith('ort-'))
  assert.ok(codecs.length >= 4 && codecs.length < binaries.length)
  assert.deepEqual(codecs.filter((name) => !handed.includes(`${name}.wasm`)), [])
})
