/**
 * Progress for people: a step that takes over a second says that it runs, and how long it took.
 *
 * @module
 */

const SPEAK_AFTER_MS = 1000

export function createSteps(print: (line: string) => void) {
  return {
    say: print,
    /**
     * @param work gets `report`, whose last line is shown once a second while the step runs
     */
    async run<T>(label: string, work: (report: (line: string) => void) => Promise<T>): Promise<T> {
      const startedMs = performance.now()
      const elapsed = () => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`
      let last = ''
      let shown: string | undefined
      const timer = setInterval(() => {
        if (shown === last) return
        shown = last
        print(`${label} ... ${last}`.trimEnd())
      }, SPEAK_AFTER_MS)
      try {
        return await work((line) => last = line)
      } finally {
        clearInterval(timer)
        if (shown !== undefined) print(`${label}: ${elapsed()}`)
      }
    },
  }
}
