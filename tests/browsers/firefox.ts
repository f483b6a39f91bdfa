/**
 * Firefox, by WebDriver BiDi: it listens by itself, without a driver beside it.
 *
 * Source: https://w3c.github.io/webdriver-bidi/
 */
import { findFirefox } from '../../src/cli/test/find_browser.ts'
import type { Driver, Launcher } from './driver.ts'

const LISTENS = /WebDriver BiDi listening on (ws:\/\/\S+)/

const executable = await findFirefox()

export const firefox: Launcher = {
  browser: 'Firefox',
  missing: executable === undefined
    ? 'no Firefox; apt-get install firefox-esr, or name one in FIREFOX'
    : undefined,
  launch: () => launch(executable!),
}

interface Message {
  type: 'success' | 'error' | 'event'
  id?: number
  method?: string
  error?: string
  message?: string
  result?: unknown
  params?: { level?: string; text?: string }
}

/** The value of an expression, as the protocol tells it. */
interface Evaluated {
  type: 'success' | 'exception'
  result: { value: string; sharedId: string }
  exceptionDetails: { text: string }
}

async function launch(path: string): Promise<Driver> {
  const profile = await Deno.makeTempDir({ prefix: 'shoal-firefox-' })
  const child = new Deno.Command(path, {
    args: ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port=0'],
    stdin: 'null',
    stdout: 'null',
    stderr: 'piped',
  }).spawn()
  const complaints: string[] = []
  const bidi = await connect(await addressIn(child.stderr), complaints)
  await bidi.send('session.new', { capabilities: {} })
  await bidi.send('session.subscribe', { events: ['log.entryAdded'] })
  const { contexts } = await bidi.send<{ contexts: { context: string }[] }>(
    'browsingContext.getTree',
  )
  const { context } = contexts[0]!

  async function evaluate(expression: string): Promise<Evaluated['result']> {
    const said = await bidi.send<Evaluated>('script.evaluate', {
      ...{ expression, target: { context }, awaitPromise: true },
      userActivation: false,
    })
    if (said.type === 'exception') throw new Error(said.exceptionDetails.text)
    return said.result
  }

  return {
    complaints,
    goto: (url) => bidi.send('browsingContext.navigate', { context, url, wait: 'complete' }),
    async evaluate(expression) {
      const whole = `(async () => JSON.stringify(await (${expression})) ?? 'null')()`
      return JSON.parse((await evaluate(whole)).value)
    },
    async click(selector) {
      const found = `document.querySelector(${JSON.stringify(selector)})`
      await evaluate(`${found}.scrollIntoView({ block: 'center' })`)
      await evaluate(still(found))
      const { sharedId } = await evaluate(found)
      const origin = { type: 'element', element: { sharedId } }
      const actions = [
        { type: 'pointerMove', x: 0, y: 0, origin },
        { type: 'pointerDown', button: 0 },
        { type: 'pointerUp', button: 0 },
      ]
      await bidi.send('input.performActions', {
        context,
        actions: [{ type: 'pointer', id: 'mouse', actions }],
      })
    },
    async end() {
      await bidi.send('browser.close').catch(() => child.kill())
      bidi.close()
      await child.status
      await Deno.remove(profile, { recursive: true })
    },
  }
}

/** Waits until an element is where it was a frame before: a click goes to a place, whatever is there then. */
const still = (element: string) =>
  `new Promise((done) => {
    let before = ''
    const look = () => {
      const { x, y } = ${element}.getBoundingClientRect()
      const now = x + ' ' + y
      if (now === before) return done()
      before = now
      requestAnimationFrame(look)
    }
    look()
  })`

/** Where it says that it listens; what it says later is read, so that it is never held up by it. */
async function addressIn(stderr: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const lines = stderr.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const { value, done } = await lines.read()
    if (done) throw new Error(`Firefox ended: ${text}`)
    text += value
    const found = LISTENS.exec(text)
    if (found === null) continue
    void (async () => {
      while (!(await lines.read()).done);
    })()
    return `${found[1]}/session`
  }
}

async function connect(address: string, complaints: string[]) {
  const socket = new WebSocket(address)
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let count = 0
  const closed = Promise.withResolvers<never>()
  closed.promise.catch(() => {})
  socket.onmessage = ({ data }) => {
    const { type, id, method, error, message, result, params }: Message = JSON.parse(data)
    if (type === 'event') {
      if (method === 'log.entryAdded' && params?.level === 'error') complaints.push(params.text!)
      return
    }
    const one = waiting.get(id!)
    waiting.delete(id!)
    if (type === 'error') one?.reject(new Error(`${error}: ${message}`))
    else one?.resolve(result)
  }
  socket.onclose = () => closed.reject(new Error('Firefox closed its connection'))
  await new Promise((done, fail) => {
    socket.onopen = done
    socket.onerror = fail
  })
  return {
    send<T>(method: string, params: unknown = {}): Promise<T> {
      const one = Promise.withResolvers<unknown>()
      waiting.set(++count, one)
      socket.send(JSON.stringify({ id: count, method, params }))
      return Promise.race([one.promise as Promise<T>, closed.promise])
    },
    close: () => socket.close(),
  }
}
