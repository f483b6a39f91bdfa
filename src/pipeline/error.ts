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
