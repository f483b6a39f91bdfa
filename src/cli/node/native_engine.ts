/**
 * ONNX Runtime as native code, fetched from npm when it is first asked for by name.
 *
 * It stays out of package.json: 288 MB for all platforms, which no other backend needs. A folder of
 * its own keeps it out of the lock file, too.
 *
 * @module
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ORT_VERSION } from '../../node/engine/ort.ts'
import { HOME } from '../root.ts'

/** Node's loader finds the package from here; Deno's would take its CommonJS for a module. */
const MODULE = `import { createRequire } from 'node:module'
export const { InferenceSession, Tensor, env } = createRequire(import.meta.url)('onnxruntime-node')
`

const DIR = join(HOME, `native-${ORT_VERSION}`)

/** Whether it was fetched before. */
export const hasNativeEngine = (): Promise<boolean> => exists(join(DIR, 'ort.mjs'))

/** URL of a module with the native engine, fetched first where it is not here. */
export async function nativeEngine(report: (line: string) => void): Promise<string> {
  const { state } = await Deno.permissions.query({ name: 'ffi' })
  if (state !== 'granted') {
    throw new Error('Cannot use backend native: it needs the permission --allow-ffi')
  }
  const module = join(DIR, 'ort.mjs')
  // Written last: a fetch that broke off is begun again.
  if (!await exists(module)) {
    report(`fetching onnxruntime-node ${ORT_VERSION} from npm, once (288 MB unpacked)`)
    const startMs = performance.now()
    await installInto(DIR, { 'onnxruntime-node': ORT_VERSION }).catch((error) => {
      const message = error instanceof Error ? error.message : String(error)
      throw new Error(
        `Cannot use backend native: onnxruntime-node cannot be fetched from npm: ${message}`,
      )
    })
    await Deno.writeTextFile(module, MODULE)
    report(`fetched in ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
  }
  return pathToFileURL(module).href
}

/** Has these packages, each with its version, from npm in a folder of their own; runs no scripts. */
export async function installInto(
  dir: string,
  dependencies: { readonly [name: string]: string },
): Promise<void> {
  await Deno.mkdir(dir, { recursive: true })
  const write = (name: string, value: unknown) =>
    Deno.writeTextFile(join(dir, name), JSON.stringify(value))
  await write('package.json', { private: true, dependencies })
  await write('deno.json', { nodeModulesDir: 'auto', lock: false })
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ['install', '--quiet', '--no-lock'],
    cwd: dir,
    stdin: 'null',
    stdout: 'null',
    stderr: 'piped',
    env: { NO_COLOR: '1' },
  }).output()
  if (success) return
  const [why = ''] = new TextDecoder().decode(stderr).split('Stack backtrace')
  throw new Error(why.trim())
}

const exists = (path: string) => Deno.stat(path).then(() => true, () => false)
