/**
 * What became of what the node was asked to hold, told by its events.
 *
 * @module
 */

/** What counts here of what a node tells. */
export interface LoadEvent {
  type: string
  slot?: number
  variant?: string
  slots?: number
  message?: string
}

export interface Loads {
  /** Takes an event in; `ready` is what was held before it, and what is held now. */
  follow(event: LoadEvent, before: readonly string[], ready: readonly string[]): void
  /** Why the last load failed, where nothing is held and nothing is on its way. */
  readonly failed: string | undefined
}

export function createLoads(): Loads {
  /** Asked for, `slot pipeline/task/variant`. */
  const pending = new Set<string>()
  let failed: string | undefined

  function take(event: LoadEvent, before: readonly string[]): void {
    const { type, slot, variant, slots = Infinity } = event
    switch (type) {
      case 'loading':
        return void pending.add(`${slot} ${variant}`)
      case 'ready':
      case 'unloaded':
        return void pending.delete(`${slot} ${variant}`)
      case 'load_failed':
        pending.delete(`${slot} ${variant}`)
        failed = event.message
        return
      case 'restarted':
        // The next worker is given the same.
        return before.filter((held) => held.startsWith(`${slot} `))
          .forEach((held) => pending.add(held))
      case 'slots':
        for (const held of pending) if (parseInt(held) >= slots) pending.delete(held)
        return
      case 'left':
        return pending.clear()
    }
  }

  return {
    follow(event, before, ready) {
      take(event, before)
      if (ready.length > 0 || pending.size > 0) failed = undefined
    },
    get failed() {
      return failed
    },
  }
}
