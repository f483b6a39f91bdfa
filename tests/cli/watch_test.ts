/** `deno task start` follows the folders that it serves, when it is asked to and by itself. */
import { equal, match, ok } from 'node:assert/strict'
import { join } from 'node:path'
import type { LoadedPipeline } from '../../src/cli/pipelines/load.ts'
import { watchFolders } from '../../src/cli/serve/watch_folders.ts'
import { inFolder, ofEach, oneModel, writeFiles } from './own_scene.ts'
import { startProcess } from './started.ts'
import { testOfAll } from '../exhaustive.ts'

/** Starts it, and gives the lines of its log as they come. */
async function start(dir: string, ...args: string[]) {
  const { child, url, logged, ended } = await startProcess(
    ['--pipeline', dir, '--log-format', 'json', ...args],
  )
  return {
    child,
    logged: (event: string) => logged(`"event":"${event}"`),
    async first() {
      const response = await fetch(`${url}/v1/pipelines/own/infer`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [2, 2] }],
        }),
      })
      const { outputs, version } = await response.json()
      return { status: response.status, version, y: outputs?.only[0].y.data[0] }
    },
    async stop() {
      child.kill('SIGTERM')
      await ended()
    },
  }
}

testOfAll(
  'start --watch serves a file that changed; a SIGHUP has the folder read, too',
  async () => {
    await inFolder(oneModel, async (dir) => {
      const started = await start(dir, '--watch')
      try {
        equal((await started.first()).y, -2)
        await writeFiles(dir, { 'a.onnx': ofEach('Sqrt') })
        await started.logged('reloaded')
        const { status, version, y } = await started.first()
        equal(status, 200)
        equal(version, 2)
        ok(Math.abs(y - Math.SQRT2) < 1e-6)
        await writeFiles(dir, { 'a.onnx': 'no model' })
        await started.logged('reload_refused')
        equal((await started.first()).version, 2)
        await writeFiles(dir, { 'models.ts': `throw new Error('half written')` })
        match(await started.logged('reload_refused'), /half written/)
      } finally {
        await started.stop()
      }
    })
    if (Deno.build.os === 'windows') return
    await inFolder(oneModel, async (dir) => {
      const started = await start(dir)
      try {
        await writeFiles(dir, { 'a.onnx': ofEach('Abs') })
        equal((await started.first()).y, -2)
        started.child.kill('SIGHUP')
        await started.logged('reloaded')
        equal((await started.first()).y, 2)
      } finally {
        await started.stop()
      }
    })
  },
)

Deno.test({
  name: 'watchFolders() follows a folder whose place another takes, or to which a link leads',
  // It goes on for as long as the process.
  ...{ sanitizeResources: false, sanitizeOps: false },
  fn: followFolders,
})

async function followFolders(): Promise<void> {
  const top = await Deno.realPath(await Deno.makeTempDir())
  const at = (...names: string[]) => join(top, ...names)
  for (const name of ['plain', 'one', 'two']) await Deno.mkdir(at(name))
  await Deno.symlink(at('one'), at('link'))
  let told = Promise.withResolvers<string>()
  const folders = ['plain', 'link'].map((name) => ({ dir: at(name), pipeline: { name } }))
  const watching = watchFolders(folders as LoadedPipeline[], (name) => told.resolve(name))
  const tells = async (name: string, work: () => Promise<void>) => {
    told = Promise.withResolvers<string>()
    await work()
    equal(await told.promise, name)
  }
  try {
    // From when on it listens it does not say; a knock must have time to settle.
    const knocks = setInterval(() => void Deno.writeTextFile(at('plain', 'a'), 'knock'), 1000)
    await Promise.race([told.promise, watching])
    clearInterval(knocks)
    await tells('plain', async () => {
      await Deno.rename(at('plain'), at('old'))
      await Deno.mkdir(at('plain'))
    })
    await tells('plain', () => Deno.writeTextFile(at('plain', 'a'), 'new'))
    await tells('link', async () => {
      await Deno.symlink(at('two'), at('next'))
      await Deno.rename(at('next'), at('link'))
    })
    await tells('link', () => Deno.writeTextFile(at('two', 'a'), 'new'))
  } finally {
    await Deno.remove(top, { recursive: true })
  }
}
