/**
 * Documents, drawn in a worker of their own beside the inference worker: PDFium cannot be interrupted, and
 * a page may be made to take hours. (That worker could not start it: in Deno the workers of one that is
 * ended run on.) Each step is raced against a time limit and the worker's death. To end
 * that worker costs no model that is held.
 *
 * @module
 */
import { releaseProxy, type Remote, wrap } from 'comlink'
import { deferred } from '../engine/generate/deferred.ts'
import type { DrawFault, Drawing, DrawingWorker } from '../../stages/documents/drawing.ts'
import { sampleDocument } from '../../stages/documents/sample_document.ts'
import { CodecUnavailableError } from '../../stages/picture_error.ts'
import { afterAwake, type Clock } from '../clock.ts'
import { DRAWING } from './params.ts'

export interface Drawer extends Drawing {
  /** Nobody waits for what is drawn. */
  stop(): void
  /** Nothing is drawn any more. */
  end(): void
}

export interface DrawerOptions {
  clock: Clock
  /** Starts `workers/drawing.ts`. */
  createWorker(): Worker
  /** URL of each codec's WebAssembly. */
  codecs: Parameters<DrawingWorker['start']>[0]
}

interface Running {
  worker: Worker
  remote: Remote<DrawingWorker>
  /** Resolves once it has started. */
  up: Promise<void>
  isUp: boolean
  /** Settled when the worker is ended, with why. */
  over: PromiseWithResolvers<DrawFault>
}

const NOT_AWAITED: DrawFault = {
  ok: false,
  reason: 'expired',
  message: 'Nobody waits for the document any more',
}

const costly = (why: string): DrawFault => ({
  ok: false,
  reason: 'too_large',
  gaveUp: true,
  message: `${why}: print it to a new PDF, or send its pages as pictures`,
})

export function createDrawer({ clock, createWorker, codecs }: DrawerOptions): Drawer {
  let running: Running | undefined
  /** What the usual page takes here, the least so far: a machine is busy at times. */
  let usualMs = Infinity
  let isOver = false

  function start(): Running {
    const worker = createWorker()
    const remote = wrap<DrawingWorker>(worker)
    const over = deferred<DrawFault>()
    over.promise.catch(() => {})
    worker.addEventListener('error', (event) => {
      // Unhandled, it would end the whole process in Deno.
      event.preventDefault()
      if (!mine.isUp) over.reject(unavailable(event.message))
      end(mine, costly(`Cannot draw the document: it ended its worker (${event.message})`))
    })
    const begin = async () => {
      await remote.start(codecs)
      usualMs = Math.min(usualMs, await usualPageMs(remote))
      mine.isUp = true
    }
    const mine: Running = { worker, remote, over, up: begin(), isUp: false }
    mine.up.catch(() => {})
    return running = mine
  }

  /** The better of two: in the first the program is being compiled. */
  async function usualPageMs(remote: Remote<DrawingWorker>): Promise<number> {
    const { bytes } = sampleDocument()
    let leastMs = Infinity
    for (let i = 0; i < 2; i++) {
      const fromMs = clock.nowMs()
      await remote.open('application/pdf', bytes, { dpi: 150, maxPages: 1, text: 'read' })
      await remote.page(0)
      await remote.close()
      leastMs = Math.min(leastMs, clock.nowMs() - fromMs)
    }
    return leastMs
  }

  /** One that did start has a successor at once, so that the next document does not wait for it. */
  function end(ended: Running, why: DrawFault): void {
    const { worker, remote, over, isUp } = ended
    if (running !== ended) return
    running = undefined
    remote[releaseProxy]()
    worker.terminate()
    over.resolve(why)
    if (isUp && !isOver) start()
  }

  async function within<T>(
    mine: Running,
    ms: number,
    work: Promise<T> | Promise<DrawFault>,
    late: () => void,
  ): Promise<T | DrawFault> {
    const disarm = afterAwake(clock, ms, late)
    try {
      return await Promise.race([work, mine.over.promise])
    } finally {
      disarm()
    }
  }

  function step<T>(
    mine: Running,
    what: string,
    work: Promise<T> | Promise<DrawFault>,
  ): Promise<T | DrawFault> {
    const { leastMs, usual, mostMs } = DRAWING
    const ms = Math.min(mostMs, Math.max(leastMs, usual * usualMs))
    const message = `Cannot ${what}: it takes longer than ${Math.round(ms / 1000)} s`
    return within(mine, ms, work, () => end(mine, costly(message)))
  }

  return {
    async open(type, bytes, settings) {
      const mine = running ?? start()
      const fault = await within(mine, DRAWING.startMs, mine.up, () => {
        mine.over.reject(unavailable('it takes too long'))
        end(mine, NOT_AWAITED)
      }).catch((error) => {
        end(mine, NOT_AWAITED)
        throw error
      })
      if (fault !== undefined) return fault
      return await step(mine, 'open the document', mine.remote.open(type, bytes, settings))
    },
    async page(index) {
      const mine = running
      if (mine?.isUp !== true) return NOT_AWAITED
      return await step(mine, `draw page ${index + 1}`, mine.remote.page(index))
    },
    async close() {
      const mine = running
      if (mine?.isUp === true) await step(mine, 'close the document', mine.remote.close())
    },
    stop() {
      if (running !== undefined) end(running, NOT_AWAITED)
    },
    end() {
      isOver = true
      if (running !== undefined) end(running, NOT_AWAITED)
    },
  }
}

const unavailable = (why: string) =>
  new CodecUnavailableError(`Cannot start the worker that draws documents: ${why}`)
