/**
 * `deno task bench first [--starts 10] [--busy 0]`: the first answers of a newcomer. Each time a fresh clone of
 * this checkout's last commit is started with an empty home, asked for the sample page as soon as
 * it says that it is ready, and again when it invites to ask. Packages come from this machine's
 * cache, models and profiles do not. Beside it so many loops keep a processor busy each.
 * @module
 */
import { join } from 'node:path'
import { ROOT } from '../../cli/root.ts'
import { SAMPLE_PAGE } from '../../cli/serve/serving.ts'
import { isReady } from '../child.ts'
import type { BenchOptions } from '../options.ts'
import { ending, infer, kill, outcomeOf, outputOf, round, until } from '../tools.ts'

const LOOK_MS = 50
/** What `start` prints when it may be asked. */
const INVITATION = 'send a picture here'

export async function bench({ starts = 10, busy = 0 }: BenchOptions = {}) {
  const loops = Array.from(
    { length: busy },
    () => new Deno.Command('sh', { args: ['-c', 'while :; do :; done'] }).spawn(),
  )
  const page = await Deno.readFile(SAMPLE_PAGE)
  const rows: Awaited<ReturnType<typeof startOnce>>[] = []
  await using _ = ending({ end: () => Promise.all(loops.map(kill)) })
  while (rows.length < starts) {
    const dir = await Deno.makeTempDir({ prefix: 'shoal-first-' })
    rows.push(await startOnce(dir, page).finally(() => Deno.remove(dir, { recursive: true })))
    console.table(rows.slice(-1))
  }
  return rows
}

async function startOnce(dir: string, page: Uint8Array<ArrayBuffer>) {
  const repo = join(dir, 'repo')
  await outputOf('git', ['clone', '--quiet', ROOT, repo])
  const { denoDir } = JSON.parse(await outputOf(Deno.execPath(), ['info', '--json']))
  await Deno.mkdir(join(dir, 'deno'))
  await Deno.mkdir(join(dir, 'home'))
  await Deno.symlink(join(denoDir, 'npm'), join(dir, 'deno', 'npm'))
  const port = freePort()
  const url = `http://localhost:${port}`
  const startMs = performance.now()
  const child = new Deno.Command(Deno.execPath(), {
    args: ['task', '--quiet', 'start', '--port', String(port)],
    cwd: repo,
    env: { HOME: join(dir, 'home'), DENO_DIR: join(dir, 'deno') },
    ...{ stdin: 'null', stdout: 'piped', stderr: 'null' },
  }).spawn()
  const sinceS = () => round((performance.now() - startMs) / 1000, 1)
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
  try {
    const ready = until(() => isReady(url), { everyMs: LOOK_MS }).then(async () => ({
      readyS: sinceS(),
      ...await ask(url, page),
    }))
    let said = ''
    while (!said.includes(INVITATION)) {
      const { done, value } = await reader.read()
      if (done) throw new Error('Cannot bench: start ended')
      said += value
    }
    const invitedS = sinceS()
    const first = await ready
    const { accuracy: accuracyThen, tookMs: tookMsThen } = await ask(url, page)
    return { ...first, invitedS, accuracyThen, tookMsThen }
  } finally {
    child.kill('SIGTERM')
    while (!(await reader.read()).done);
    await child.status
  }
}

/** With the default deadline, as the README's `curl` does. An accuracy of 0: no result. */
async function ask(url: string, page: Uint8Array<ArrayBuffer>) {
  const startMs = performance.now()
  const { body } = await outcomeOf(await infer(url, 'ocr', page))
  return { accuracy: body.accuracy ?? 0, tookMs: round(performance.now() - startMs) }
}

function freePort(): number {
  const listener = Deno.listen({ port: 0 })
  const { port } = listener.addr as Deno.NetAddr
  listener.close()
  return port
}
