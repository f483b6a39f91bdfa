/**
 * `deno task bench first [--starts 10] [--busy 0]`: the first answers of a newcomer. Each time a fresh clone of
 * this checkout's last commit is started with an empty home, asked for the sample page as soon as
 * it says that it is ready, and again when it invites to ask. Packages come from this machine's
 * cache, models and profiles do not. Beside it so many loops keep a processor busy each.
 * @module
 */
import { join } from 'node:path'
import type { InferAnswer, OcrOutputs } from '../../client/types.ts'
import { ROOT } from '../../cli/root.ts'
import { SAMPLE_PAGE } from '../../cli/serve/serving.ts'
import { median } from '../../cli/statistics.ts'
import { isReady } from '../child.ts'
import { infer, kill, outputOf, until } from '../tools.ts'

export interface FirstOptions {
  starts?: number
  busy?: number
}

const LOOK_MS = 50
/** What `start` prints when it may be asked. */
const INVITATION = 'send a picture here'

interface Answer {
  accuracy: number
  tookMs: number
  text: string
}

export async function benchFirst({ starts = 10, busy = 0 }: FirstOptions = {}) {
  const loops = Array.from(
    { length: busy },
    () => new Deno.Command('sh', { args: ['-c', 'while :; do :; done'] }).spawn(),
  )
  try {
    return await startTimes(starts)
  } finally {
    await Promise.all(loops.map(kill))
  }
}

async function startTimes(starts: number) {
  const page = await Deno.readFile(SAMPLE_PAGE)
  const rounds: Awaited<ReturnType<typeof startOnce>>[] = []
  for (let i = 0; i < starts; i++) {
    const dir = await Deno.makeTempDir({ prefix: 'shoal-first-' })
    const round = await startOnce(dir, page).finally(() => Deno.remove(dir, { recursive: true }))
    const { readyS, invitedS, first, invited } = round
    rounds.push(round)
    console.log(
      `ready after ${readyS.toFixed(1)} s: ${told(first)}; ` +
        `invited after ${invitedS.toFixed(1)} s: ${told(invited)}`,
    )
  }
  const readyS = median(rounds.map(({ readyS }) => readyS))
  const invitedS = median(rounds.map(({ invitedS }) => invitedS))
  const leastAccuracy = Math.min(...rounds.map(({ first }) => first.accuracy))
  console.log(
    `median: ready after ${readyS.toFixed(1)} s, invited after ${invitedS.toFixed(1)} s; ` +
      `least accuracy of a first answer ${leastAccuracy}`,
  )
  return { rounds, readyS, invitedS, leastAccuracy }
}

const told = ({ accuracy, tookMs, text }: Answer) =>
  `accuracy ${accuracy.toFixed(3)} in ${Math.round(tookMs)} ms, "${text}"`

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
  const sinceS = () => (performance.now() - startMs) / 1000
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
  try {
    const ready = until(() => isReady(url), { everyMs: LOOK_MS }).then(async () => ({
      readyS: sinceS(),
      first: await ask(url, page),
    }))
    let said = ''
    while (!said.includes(INVITATION)) {
      const { done, value } = await reader.read()
      if (done) throw new Error('Cannot bench: start ended')
      said += value
    }
    const invitedS = sinceS()
    const { readyS, first } = await ready
    return { readyS, invitedS, first, invited: await ask(url, page) }
  } finally {
    child.kill('SIGTERM')
    while (!(await reader.read()).done);
    await child.status
  }
}

/** With the default deadline, as the README's `curl` does. */
async function ask(url: string, page: Uint8Array<ArrayBuffer>): Promise<Answer> {
  const startMs = performance.now()
  const response = await infer(url, 'ocr', page)
  const tookMs = performance.now() - startMs
  if (!response.ok) return { accuracy: 0, tookMs, text: await response.text() }
  const { accuracy, outputs } = await response.json() as InferAnswer<OcrOutputs>
  return { accuracy, tookMs, text: outputs.lines[0]?.text ?? '' }
}

function freePort(): number {
  const listener = Deno.listen({ port: 0 })
  const { port } = listener.addr as Deno.NetAddr
  listener.close()
  return port
}
