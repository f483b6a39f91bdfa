/**
 * Tests that failed beside others, once more, alone: on a busy machine a test may fail for want of
 * time, what is wrong fails each time.
 *
 * @module
 */
import type { Failure } from './junit.ts'
import type { Part } from './parts.ts'

/** More than so many did not fail by chance: none of them is run again. */
const MOST = 8

export interface FailureOf extends Failure {
  part: Part
}

/** For `deno test --filter`: this name and no other. */
export const filterOf = (name: string): string =>
  `/^${name.replaceAll(/[\\^$.*+?()[\]{}|#&~-]/g, '\\$&')}$/`

/**
 * The failures of tests, and of their steps, that pass now.
 *
 * @param passes whether what the filter lets through in these files passes
 */
export async function runAgain(
  failures: readonly FailureOf[],
  passes: (part: Part, filter: string) => Promise<boolean>,
): Promise<FailureOf[]> {
  // What is wrong with a suite itself is no test's.
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
  const passed = []
  for (const test of tests) {
    const { part, name, file } = test
    // A test that a helper defines is said to be in the helper's file.
    const own = part.files.includes(file!) ? { ...part, files: [file!] } : part
    if (await passes(own, filterOf(name))) {
      passed.push(...ofTests.filter((one) => isSame(one, test) || isStepOf(one, test)))
    }
  }
  return passed
}
