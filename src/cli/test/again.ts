/**
 * Runs tests that failed beside others once more, each alone. A test that passes then is flaky: a fault
 * fails each time, a busy machine may fail a test once.
 *
 * @module
 */
import type { Failure } from './junit.ts'
import type { Part } from './parts.ts'

/** Where more tests fail, it is not by chance: none of them is run again. */
const MOST = 8

export interface FailureOf extends Failure {
  part: Part
}

/** For `deno test --filter`: this name and no other. */
export const filterOf = (name: string): string =>
  `/^${name.replaceAll(/[\\^$.*+?()[\]{}|#&~-]/g, '\\$&')}$/`

/**
 * The failures of flaky tests and of their steps.
 *
 * @param passes runs the tests of these files that match the filter; whether they passed
 */
export async function runAgain(
  failures: readonly FailureOf[],
  passes: (part: Part, filter: string) => Promise<boolean>,
): Promise<FailureOf[]> {
  // A fault of the suite itself belongs to no test.
  const ofTests = failures.filter(({ file }) => file !== undefined)
  const isStepOf = (one: FailureOf, test: FailureOf) =>
    one.part === test.part && one.name.startsWith(`${test.name} > `)
  const isSame = (one: FailureOf, test: FailureOf) =>
    one.part === test.part && one.name === test.name && one.file === test.file
  const tests = ofTests.filter((one, i) =>
    !ofTests.some((other) => isStepOf(one, other)) &&
    ofTests.findIndex((other) => isSame(one, other)) === i
  )
  if (tests.length > MOST) return []
  const flaky = []
  for (const test of tests) {
    const { part, name, file } = test
    // The report names the file that defines the test, which may be no test file.
    const own = part.files.includes(file!) ? { ...part, files: [file!] } : part
    if (await passes(own, filterOf(name))) {
      flaky.push(...ofTests.filter((one) => isSame(one, test) || isStepOf(one, test)))
    }
  }
  return flaky
}
