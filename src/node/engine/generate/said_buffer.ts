/**
 * What the sequences of a batch say, gathered into few messages.
 *
 * @module
 */
import type { Said } from '../../../pipeline/generate.ts'

/**
 * Between two messages of a batch. A reader sees no more than 30 changes a second, and a slot makes
 * thousands of tokens in one: a message each would cost more than the tokens.
 */
export const SAID_EVERY_MS = 30

export interface SaidBuffer {
  add(said: Said): void
  /** A message though there is nothing to say. */
  alive(): void
  /** Resolves when all was heard. */
  flush(): Promise<void>
}

/** @param tell resolves when it was heard: until then more is gathered, no second message sent */
export function createSaidBuffer(tell: (said: Said[]) => unknown): SaidBuffer {
  const pending = new Map<number, Said>()
  /** Items of which anything was said. */
  const begun = new Set<number>()
  let telling: Promise<void> | undefined
  /** A first token is among what is pending. */
  let urgent = false
  let timer: ReturnType<typeof setTimeout> | undefined

  async function tellAll(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    urgent = false
    const said = [...pending.values()]
    pending.clear()
    // Nobody is there any more: what runs hears of that in another way.
    await Promise.resolve(tell(said)).catch(() => {})
    telling = undefined
    if (urgent) start()
    else if (pending.size > 0) soon()
  }

  const start = (): Promise<void> => telling ??= tellAll()

  function soon(): void {
    if (telling === undefined) timer ??= setTimeout(start, SAID_EVERY_MS)
  }

  return {
    add(said) {
      const before = pending.get(said.item)
      pending.set(
        said.item,
        before === undefined ? said : {
          ...before,
          ids: [...before.ids, ...said.ids],
          text: before.text + said.text,
        },
      )
      soon()
      if (begun.has(said.item)) return
      begun.add(said.item)
      urgent = true
      // Those of one step go together.
      queueMicrotask(() => urgent && start())
    },
    alive: () => void start(),
    async flush() {
      while (telling !== undefined || pending.size > 0) await start()
      clearTimeout(timer)
    },
  }
}
