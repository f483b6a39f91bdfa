/**
 * WebKit, the engine of Safari and of every browser on an iPhone: its port for devices (WPE) needs no
 * display, and is driven by WebDriver.
 *
 * Source: https://www.w3.org/TR/webdriver2/
 */
import { findWebkit } from '../../src/cli/test/find_browser.ts'
import type { Driver, Launcher } from './driver.ts'

/** What the protocol calls a reference to an element. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'
/** More than what anything in a page is waited for. */
const LIMIT_MS = 150_000

const found = await findWebkit()

export const webkit: Launcher = {
  browser: 'WebKit',
  missing: found === undefined
    ? 'no WebKit that needs no display; apt-get install wpewebkit-driver libwpebackend-fdo-1.0-1'
    : undefined,
  launch: () => launch(found!),
}

type Call = <T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) => Promise<T>

async function launch({ driver, browser }: { driver: string; browser: string }): Promise<Driver> {
  const port = freePort()
  const child = new Deno.Command(driver, {
    args: [`--port=${port}`],
    env: { LIBGL_ALWAYS_SOFTWARE: '1' },
    ...{ stdin: 'null', stdout: 'null', stderr: 'null' },
  }).spawn()
  let ended = false
  const exit = child.status.finally(() => ended = true)
  const all: Call = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const { value } = await response.json()
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`)
    return value
  }
  while (!await all('GET', '/status').then(() => true, () => false)) {
    if (ended) throw new Error("WebKit's driver ended")
    await new Promise((done) => setTimeout(done, 20))
  }
  const { sessionId } = await all<{ sessionId: string }>('POST', '/session', {
    capabilities: {
      alwaysMatch: {
        'wpe:browserOptions': { binary: browser, args: ['--automation', '--headless'] },
      },
    },
  })
  const call: Call = (method, path, body) => all(method, `/session/${sessionId}${path}`, body)
  await call('POST', '/timeouts', { script: LIMIT_MS })

  return {
    complaints: [],
    goto: (url) => call('POST', '/url', { url }),
    async evaluate(expression) {
      const script = `const done = arguments[arguments.length - 1]
        ;(async () => (${expression}))()
          .then((value) => done([true, value ?? null]), (error) => done([false, String(error)]))`
      const [ok, value] = await call<[boolean, unknown]>('POST', '/execute/async', {
        ...{ script, args: [] },
      })
      if (!ok) throw new Error(String(value))
      return value as never
    },
    async click(selector) {
      const element = await call<Record<string, string>>('POST', '/element', {
        using: 'css selector',
        value: selector,
      })
      await call('POST', `/element/${element[ELEMENT]}/click`, {})
    },
    async end() {
      await call('DELETE', '').catch(() => {})
      if (!ended) child.kill()
      await exit
    },
  }
}

/** One that was free a moment ago: the driver takes no zero. */
function freePort(): number {
  const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 })
  listener.close()
  return (listener.addr as Deno.NetAddr).port
}
