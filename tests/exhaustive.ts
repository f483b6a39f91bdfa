/**
 * Many seeds and repetitions of what a few show already, and long walks through browsers: `deno task test
 * --all` runs all of them, `deno task test` a few. What guards security, and that each query has one answer,
 * always runs.
 *
 * @module
 */
import { ALL_TESTS, ONLY_WITH_ALL } from '../src/cli/test/all.ts'

export const isAll: boolean = Deno.env.get(ALL_TESTS.variable) === ALL_TESTS.value

/** How many to try: the first without `--all`. */
export const few = (some: number, all: number): number => isAll ? all : some

/** A test that only `--all` runs. */
export const ofAll = (test: Deno.TestDefinition): Deno.TestDefinition => ({
  ...test,
  name: isAll ? test.name : `${test.name} ${ONLY_WITH_ALL}`,
  ignore: !isAll || test.ignore === true,
})

/** Likewise, by name. */
export function testOfAll(
  name: string,
  fn: Deno.TestDefinition['fn'],
  options: Partial<Deno.TestDefinition> = {},
): void {
  Deno.test(ofAll({ ...options, name, fn }))
}
