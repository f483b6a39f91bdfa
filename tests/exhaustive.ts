/**
 * Many seeds and many repetitions of what a few show already: `deno task test --all` runs all of them,
 * `deno task test` a few. What guards security, and that each query has one answer, always runs.
 *
 * @module
 */
import { ALL_TESTS, ONLY_WITH_ALL } from '../src/cli/test/all.ts'

const isAll = Deno.env.get(ALL_TESTS.variable) === ALL_TESTS.value

/** How many to try: the first without `--all`. */
export const few = (some: number, all: number): number => isAll ? all : some

/** A step that only `--all` runs; whether it is well or was left out. */
export const stepOfAll = (
  t: Deno.TestContext,
  name: string,
  fn: Deno.TestStepDefinition['fn'],
): Promise<boolean> =>
  t.step({ name: isAll ? name : `${name} ${ONLY_WITH_ALL}`, ignore: !isAll, fn })

/** A test that only `--all` runs. */
export function testOfAll(
  name: string,
  fn: Deno.TestDefinition['fn'],
  options: Partial<Deno.TestDefinition> = {},
): void {
  const ignore = !isAll || options.ignore === true
  Deno.test({ ...options, name: isAll ? name : `${name} ${ONLY_WITH_ALL}`, ignore, fn })
}
