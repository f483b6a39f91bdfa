/**
 * What `deno test --junit-path` writes, as counts and as failures to read.
 *
 * @module
 */
import { ONLY_WITH_ALL } from './all.ts'

export interface Counts {
  passed: number
  failed: number
  skipped: number
  /** Of those that were skipped: for want of `--all`. */
  onlyWithAll: number
}

/** A test that failed: its name, its steps joined by `>`, and what was thrown, with the stack. */
export interface Failure {
  name: string
  text: string
  /** That defines it, from the project's folder; absent where no test says what was wrong. */
  file?: string
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
const unescape = (xml: string) => xml.replace(/&(\w+);/g, (all, name) => ENTITIES[name] ?? all)

/** One `<testcase>` a test or step; markup in names and messages is escaped, so `>` ends a tag. */
const casesOf = (xml: string) => xml.match(/<testcase\b[^>]*?(\/>|>[\s\S]*?<\/testcase>)/g) ?? []

const nameOf = (one: string) => unescape(/ name="([^"]*)"/.exec(one)?.[1] ?? '')
const fileOf = (one: string) =>
  unescape(/ classname="([^"]*)"/.exec(one)?.[1] ?? '').replace(/^\.\//, '')

export function countJunit(xml: string): Counts {
  const counts = { passed: 0, failed: 0, skipped: 0, onlyWithAll: 0 }
  for (const one of casesOf(xml)) {
    if (/<skipped\b/.test(one)) {
      counts.skipped++
      if (nameOf(one).endsWith(ONLY_WITH_ALL)) counts.onlyWithAll++
    } else if (/<(failure|error)\b/.test(one)) counts.failed++
    else counts.passed++
  }
  return counts
}

/**
 * The failures in a report, in its order. A test that failed because of a step says no more than
 * that, the step says why.
 */
export function failuresOf(xml: string): Failure[] {
  return casesOf(xml).flatMap((one) => {
    const text = /<(failure|error)\b[^>]*>([\s\S]*?)<\/\1>/.exec(one)?.[2]
    return text === undefined
      ? []
      : [{ name: nameOf(one), text: unescape(text), file: fileOf(one) }]
  })
}
