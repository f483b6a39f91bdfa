/** Many streams at once over nodes that are killed, paused and closed: is each whole? @module */
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { makeSample } from '../../../profiles/fields/sample.ts'
import { ROOT } from '../../cli/root.ts'
import { median } from '../../cli/statistics.ts'
import { type ChaosScene, startChaosScene } from '../chaos/scene.ts'
import { openChromium } from '../chromium.ts'
import type { BenchOptions } from '../options.ts'
import { joinTab } from '../requeue/tabs.ts'
import { clients, ending } from '../tools.ts'
import { listen, type Listened } from './listen.ts'

export interface StreamsOptions {
  /** At once: where one has ended within this time the next begins. */
  streams: number
  forMs: number
  /** Different texts among them. */
  texts: number
  /** Of a stream: long enough for whatever befalls the nodes. */
  budgetMs: number
  /** One is killed, one paused, one tab closed each so often, while streams run. */
  everyMs: number
  tabs?: boolean
}

const SEED = 27
const FIELDS = join(ROOT, 'profiles', 'fields')

/** Texts that nothing was trained on. */
export const sampleTexts = (count: number): string[] =>
  Array.from(
    { length: count },
    (_, i) => makeSample(SEED, i, { world: 'held-back', noise: () => 0 }).text,
  )

/**
 * All begin at once; faults go on until the last has ended. `whole` are those with one answer, equal to
 * the undisturbed one, and pieces that make up its text.
 */
export async function playStreams(options: StreamsOptions) {
  const { streams, forMs, budgetMs, everyMs, tabs = true } = options
  const scene = await startChaosScene({ dir: FIELDS, timeoutMs: budgetMs, pages: tabs })
  const browser = tabs ? await openChromium() : undefined
  await using _ = ending({ end: () => browser?.close() }, scene)
  await Promise.all(['a', 'b'].map((name) => scene.addNode(name)))
  const { localUrl: url, pipelineName: pipeline } = scene
  const texts = sampleTexts(options.texts)
  const undisturbed: Listened[] = []
  for (const text of texts) undisturbed.push(await listen(url, pipeline, text, budgetMs))
  const faulty = undisturbed.find(({ fault }) => fault !== undefined)
  if (faulty !== undefined) throw new Error(`Cannot stream: ${faulty.fault}`)
  const over = new AbortController()
  const strikes = strike(scene, browser, everyMs, over.signal)
  const heard: Listened[] = []
  const faults: string[] = []
  const endMs = performance.now() + forMs
  await clients(streams, async (i) => {
    const at = i % texts.length
    do {
      const one = await listen(url, pipeline, texts[at]!, budgetMs)
      heard.push(one)
      faults.push(...faultOf(one, undisturbed[at]!))
    } while (performance.now() < endMs)
  })
  over.abort()
  const counts = await strikes
  return {
    ...{ streams: heard.length, ...counts, whole: heard.length - faults.length, faults },
    firstMs: heard.map(({ firstMs }) => firstMs),
    tookMs: heard.map(({ tookMs }) => tookMs),
  }
}

/** What is wrong with a stream, as it was heard. */
function faultOf(heard: Listened, undisturbed: Listened): string[] {
  if (heard.fault !== undefined) return [heard.fault]
  if (heard.ends.join() !== 'answer') return [`it ended with ${heard.ends.join() || 'nothing'}`]
  if (heard.text !== undisturbed.text) {
    return [`said ${JSON.stringify(heard.text)} in place of ${JSON.stringify(undisturbed.text)}`]
  }
  if (JSON.stringify(heard.outputs) !== JSON.stringify(undisturbed.outputs)) {
    return [`answered ${JSON.stringify(heard.outputs)}`]
  }
  return []
}

/** One node is killed and another comes, one is paused for a while, and a tab is closed for a new one. */
async function strike(
  scene: ChaosScene,
  browser: Browser | undefined,
  everyMs: number,
  over: AbortSignal,
) {
  const counts = { killed: 0, paused: 0, closed: 0 }
  const pause = (ms: number) => wait(ms, undefined, { signal: over }).catch(() => {})
  const place = { url: scene.localUrl }
  const tab = (name: string) => browser && joinTab(browser, place, name)
  let page = await tab('tab-0')
  for (let round = 1; !over.aborted; round++) {
    await pause(everyMs)
    if (over.aborted) break
    const killed = [...scene.nodes.keys()][0]!
    await scene.kill(killed)
    counts.killed++
    const back = scene.addNode(`heir-${round}`).catch(() => {})
    const [name = ''] = scene.nodes.keys()
    const paused = scene.nodes.get(name)
    if (paused !== undefined && !scene.hasEnded(name)) {
      paused.child.kill('SIGSTOP')
      counts.paused++
      await pause(everyMs / 2)
      paused.child.kill('SIGCONT')
    }
    if (page !== undefined) {
      await page.close()
      counts.closed++
      page = await tab(`tab-${round}`)
    }
    await back
  }
  return counts
}

export async function bench({ queries: streams = 200 }: BenchOptions = {}) {
  const { firstMs, tookMs, ...counts } = await playStreams({
    ...{ streams, forMs: 60_000, texts: 20, budgetMs: 300_000, everyMs: 5000 },
  })
  console.log(
    `${counts.whole} of ${counts.streams} streams whole, ${streams} at once, with ` +
      `${counts.killed} nodes killed, ${counts.paused} paused, ${counts.closed} tabs closed; ` +
      `first token after ${Math.round(median(firstMs))} ms, all after ` +
      `${Math.round(median(tookMs))} ms (medians)`,
  )
  for (const fault of counts.faults.slice(0, 10)) console.log(fault.slice(0, 500))
  return counts
}
