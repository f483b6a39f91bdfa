/**
 * One run of a node: its worker, from the click that asks for it to its end.
 *
 * @module
 */
import { proxy, type Remote, wrap } from 'comlink'
import {
  STOPPED,
  type TabApi,
  type TabChoices,
  type TabPage,
  type TabSnapshot,
} from '../../node/tab.ts'
import { watchPage } from './signals.ts'

export interface Session {
  setPaused(paused: boolean): void
  /** Resolves when the node has left and its worker is gone. */
  stop(): Promise<void>
}

export interface SessionOptions {
  worker: string
  choices: TabChoices
  token: string | undefined
  changed(snapshot: TabSnapshot): void
  /** It ended, by itself or by `stop`: for a fault, or refused by the coordinator. */
  ended(fault?: string, refused?: boolean): void
  /** The coordinator may serve another build than this one. */
  mayBeOld(): void
}

const PREFIX = 'shoal.node.'

/** At once: it can be stopped before anything of it has begun. */
export function startSession(options: SessionOptions): Session {
  // Kept for the session's life: a proxy collected while a call is under way loses the answer.
  const worker = new Worker(options.worker, { type: 'module', name: 'shoal node' })
  const remote: Remote<TabApi> = wrap<TabApi>(worker)
  let identity: Identity | undefined
  const unwatch = watchPage((signal) => void remote.signal(signal))
  let over = false
  let ended = () => {}
  const ending = new Promise<void>((done) => ended = done)

  function end(fault?: string, refused?: boolean): void {
    if (over) return
    over = true
    ended()
    unwatch()
    identity?.release()
    worker.terminate()
    options.ended(fault, refused)
  }

  worker.addEventListener('error', (event) => {
    event.preventDefault()
    end(`The node's worker failed: ${event.message || 'its script could not be loaded'}`)
  })
  const page: TabPage = {
    mayBeOld: () => options.mayBeOld(),
    get: (key) => Promise.resolve(identity?.storage?.getItem(PREFIX + key) ?? undefined),
    set(key, value) {
      try {
        identity?.storage?.setItem(PREFIX + key, value)
      } catch {
        // No room, or none allowed: this tab is a new node next time.
      }
      return Promise.resolve()
    },
    changed(snapshot) {
      if (over) return
      options.changed(snapshot)
      if (snapshot.state.phase === 'left') {
        const { leftFor, state } = snapshot
        const fault = leftFor === STOPPED ? undefined : `It left: ${leftFor}.`
        end(fault, state.refusal !== undefined)
      }
    },
  }

  async function start(): Promise<void> {
    const mine = await takeIdentity()
    if (over) return mine.release()
    identity = mine
    await remote.start(options.choices, proxy(page), options.token)
  }

  start().catch((error: unknown) =>
    end(`Cannot join: ${error instanceof Error ? error.message : error}`)
  )
  // Without this a browser may clear the models whenever it is short of room.
  navigator.storage?.persist?.().catch(() => {})
  return {
    setPaused: (paused) => void remote.setPaused(paused),
    async stop() {
      // The node's last word ends it, too, and the worker that would answer.
      if (identity !== undefined) await Promise.race([remote.stop(), ending])
      end()
    },
  }
}

interface Identity {
  storage: Storage | undefined
  release(): void
}

/**
 * One tab of a browser is the node that it was last time. Others beside it must be nodes of their
 * own, or they would push each other out.
 */
async function takeIdentity(): Promise<Identity> {
  const locks: LockManager | undefined = navigator.locks
  try {
    if (locks === undefined) return { storage: sessionStorage, release() {} }
    let release = () => {}
    const done = new Promise<void>((resolve) => release = resolve)
    const mine = await new Promise<boolean>((answer, denied) => {
      locks.request('shoal-node', { ifAvailable: true }, (lock) => {
        answer(lock !== null)
        return lock === null ? undefined : done
      }).catch(denied)
    })
    return { storage: mine ? localStorage : undefined, release }
  } catch {
    return { storage: undefined, release() {} }
  }
}
