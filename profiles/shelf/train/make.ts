/**
 * Makes all that is made of the data: `deno run -A profiles/shelf/train/make.ts [FOLDER]`.
 *
 * Draws the scenes, trains each network, writes it to `models/`, packs the held-back scenes. About
 * half an hour on two cores; what is whole in FOLDER is not made again. Needs the Debian packages
 * python3-torch, python3-onnx, python3-onnxruntime, python3-sklearn and dataset-fashion-mnist.
 *
 * @module
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pack } from './pack.ts'

const SCENES = 162
const here = fileURLToPath(new URL('.', import.meta.url))
const folder = Deno.args[0] ?? join(here, '.made')

async function python(...args: string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command('/usr/bin/python3', {
    args,
    cwd: here,
    stderr: 'inherit',
    env: { OMP_NUM_THREADS: '2', OMP_WAIT_POLICY: 'PASSIVE' },
  }).output()
  const text = new TextDecoder().decode(stdout)
  console.log(text.trimEnd())
  if (!success) throw new Error(`Cannot go on: ${args[0]} failed`)
  return text
}

await Deno.mkdir(folder, { recursive: true })
await python('data.py', folder)
for (const name of (await python('recipes.py')).trim().split('\n')) {
  await python('train.py', name, folder)
}
await Deno.mkdir(join(here, '..', 'models'), { recursive: true })
await python('export.py', folder, join(here, '..', 'models'))
await python('held_back.py', folder, String(SCENES))
await pack(folder)
