/**
 * A Chromium driven by its own protocol alone. Playwright keeps every page in view, whatever is in
 * front of it; here a tab behind another one is really hidden, and a frozen one really frozen.
 *
 * @module
 */
import { YOUNG_ENGINE } from './fixture.ts'

export interface RealTab {
  /** Evaluates an expression, awaited; its value must be plain data. */
  evaluate<Value = unknown>(expression: string): Promise<Value>
  /** Resolves once the expression is true; asked again and again. */
  until(expression: string): Promise<void>
  send(method: string, params?: Record<string, unknown>): Promise<Record<string, unknown>>
  toFront(): Promise<void>
}

export interface RealBrowser {
  open(url: string): Promise<RealTab>
  close(): Promise<void>
}

const WAIT_MS = 60_000
/** A page on its way has nothing that could be asked. */
const notYet = () => undefined

interface Reply {
  id?: number
  result?: Record<string, unknown>
  error?: { message: string }
}

export async function launchReal(executable: string): Promise<RealBrowser> {
  const profile = await Deno.makeTempDir()
  const child = new Deno.Command(executable, {
    args: [
      ...['--headless=new', '--no-sandbox', '--no-first-run', '--disable-background-networking'],
      YOUNG_ENGINE,
      ...['--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'],
    ],
    stdin: 'null',
    stdout: 'null',
    stderr: 'piped',
  }).spawn()
  const { address, drained } = await addressIn(child.stderr)
  const socket = new WebSocket(address)
  await new Promise((done) => socket.onopen = done)
  const waiting = new Map<number, (reply: Reply) => void>()
  let serial = 0
  socket.onmessage = ({ data }) => {
    const reply = JSON.parse(data) as Reply
    waiting.get(reply.id ?? 0)?.(reply)
    waiting.delete(reply.id ?? 0)
  }

  async function send(method: string, params: object = {}, sessionId?: string) {
    const id = ++serial
    const reply = await new Promise<Reply>((done) => {
      waiting.set(id, done)
      socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }))
    })
    if (reply.error !== undefined) throw new Error(`${method}: ${reply.error.message}`)
    return reply.result ?? {}
  }

  return {
    async open(url) {
      const { targetId } = await send('Target.createTarget', { url })
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
      const tab: RealTab = {
        async evaluate<Value>(expression: string) {
          const options = { expression, awaitPromise: true, returnByValue: true }
          const { result, exceptionDetails } = await tab.send('Runtime.evaluate', options)
          if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
          return (result as { value: Value }).value
        },
        async until(expression) {
          const lateMs = performance.now() + WAIT_MS
          while (await tab.evaluate(expression).catch(notYet) !== true) {
            if (performance.now() > lateMs) throw new Error(`It never came to ${expression}`)
            await new Promise((done) => setTimeout(done, 50))
          }
        },
        send: (method, params) => send(method, params, sessionId as string),
        toFront: async () => void await send('Target.activateTarget', { targetId }),
      }
      return tab
    },
    async close() {
      await send('Browser.close').catch(() => {})
      await Promise.all([child.status, drained])
      socket.close()
      await Deno.remove(profile, { recursive: true }).catch(() => {})
    },
  }
}

/** The address that a starting Chromium prints; the rest is read and thrown away. */
async function addressIn(stderr: ReadableStream<Uint8Array>) {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const read = async () => {
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of stderr) {
      text = (text + decoder.decode(chunk, { stream: true })).slice(-10_000)
      const found = /ws:\/\/\S+/.exec(text)?.[0]
      if (found !== undefined) resolve(found)
    }
    reject(new Error(`Chromium ended: ${text}`))
  }
  const drained = read()
  return { address: await promise, drained }
}
