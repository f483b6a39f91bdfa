/** What the walk asks of a browser, whatever protocol it speaks. */
export interface Driver {
  goto(url: string): Promise<void>
  /** What an expression in the page comes to, as far as JSON holds it; a promise is awaited. */
  evaluate<T>(expression: string): Promise<T>
  /** As a person's pointer does, in the midst of what the selector finds first. */
  click(selector: string): Promise<void>
  /** Errors on the console, where the browser tells of them. */
  complaints: readonly string[]
  end(): Promise<void>
}

export interface Launcher {
  browser: string
  /** Why it cannot be had here, or `undefined`. */
  missing: string | undefined
  launch(): Promise<Driver>
}

/** A machine that tests much else needs some time to load models. */
const LIMIT_MS = 120_000

/** Waits until an expression in the page holds: looks whenever the page changes. */
export async function until(driver: Driver, expression: string): Promise<void> {
  const held = await driver.evaluate<boolean>(`new Promise((done) => {
    const holds = () => Boolean(${expression})
    const look = () => holds() && end(true)
    const watch = new MutationObserver(look)
    const timer = setTimeout(() => end(false), ${LIMIT_MS})
    const end = (held) => (watch.disconnect(), clearTimeout(timer), done(held))
    const everything = { subtree: true, childList: true, attributes: true, characterData: true }
    watch.observe(document, everything)
    look()
  })`)
  if (held) return
  const page = await driver.evaluate<string>('document.body.innerText')
  throw new Error(`not within ${LIMIT_MS / 1000} s: ${expression}\nthe page says:\n${page}`)
}

/** The text of what a selector finds first. */
export const textOf = (driver: Driver, selector: string): Promise<string> =>
  driver.evaluate(`document.querySelector(${JSON.stringify(selector)}).textContent`)
