/**
 * Lets in what waits for this thread: messages, timers. A timer of its own would wait 4 ms each time.
 *
 * @module
 */

type Immediate = (then: () => void) => unknown

const { setImmediate } = globalThis as { setImmediate?: Immediate }

let channel: MessageChannel | undefined
const waiting: (() => void)[] = []

const throughChannel: Immediate = (then) => {
  if (channel === undefined) {
    channel = new MessageChannel()
    channel.port1.onmessage = () => waiting.shift()?.()
  }
  waiting.push(then)
  channel.port2.postMessage(0)
}

export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => void (setImmediate ?? throughChannel)(resolve))
