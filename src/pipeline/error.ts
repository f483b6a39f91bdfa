import type { z } from 'zod'

/** A pipeline file that cannot be served: names the file, the place in it, and the fault. */
export class PipelineError extends Error {
  override name = 'PipelineError'
  constructor(
    readonly file: string,
    /** Where in the file, as `tasks.detect.variants.small.accuracy`; empty for the whole file. */
    readonly path: string,
    readonly fault: string,
  ) {
    super(`Cannot use pipeline ${file}: ${path === '' ? '' : `${path}: `}${fault}`)
  }
}

/** The first thing that does not fit a schema: where it stands, and what is wrong with it. */
export function firstFault({ issues }: z.ZodError): { path: string; fault: string } {
  const issue = issues[0]!
  // What is wrong with a name stands one deeper.
  const { message } = issue.code === 'invalid_key' ? issue.issues[0] ?? issue : issue
  return { path: issue.path.join('.'), fault: message }
}
