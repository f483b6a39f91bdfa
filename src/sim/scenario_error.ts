/** A scenario that cannot be simulated: names the file, the place in it, and the fault. */
export class ScenarioError extends Error {
  override name = 'ScenarioError'
  readonly reason = 'invalid_scenario'
  constructor(
    readonly file: string,
    /** Where in the file, as `pool.0.class`; empty for the whole file. */
    readonly path: string,
    readonly fault: string,
  ) {
    super(`Cannot use scenario ${file}: ${path === '' ? '' : `${path}: `}${fault}`)
  }
}
