/**
 * What a node's word is worth: how many checks it passed, how suspect it is, and what follows.
 *
 * @module
 */
import { publicName } from '../../pipeline/version.ts'
import type { Word } from '../core/memory.ts'
import type { Standing, VariantRef } from '../core/types.ts'

/**
 * Checks in a row that make a node trusted; until then everything it says is checked. Twice as many
 * after each time in quarantine.
 */
const PROVEN = 10
const MAX_DOUBLED = 4
/** Share of a trusted node's batches that are checked at the least. */
const LEAST_SHARE = 0.03
/** So many of them at a task, and with a variant, before it is believed there. */
const AT_TASK = 5
const AT_VARIANT = 2
/** How fast the share falls with checks that were passed. */
const FALL = 1.5
/** Suspicion from which a node's work goes elsewhere; likewise failures. */
const TOO_SUSPECT = 3
const FORGIVEN = 0.5
/** Checks to pass, after joining and after a fault, before it is given queries beside nodes that did. */
const PROBATION = 3
/** Known answers that lead out of quarantine; twice as many each time. */
const ATONED = 5
const MAX_ATONED = 80

export const createWord = (own: boolean): Word => ({
  own,
  inRow: 0,
  by: {},
  passed: 0,
  failed: 0,
  suspicion: 0,
  failures: 0,
  quarantined: false,
  probation: own ? 0 : PROBATION,
  sentences: 0,
  atoned: 0,
  reason: own ? 'belongs to the coordinator' : 'new',
})

const provenAt = ({ sentences }: Word): number => PROVEN * 2 ** Math.min(sentences, MAX_DOUBLED)

export function standingOf(word: Word): Standing {
  if (word.own) return 'own'
  if (word.quarantined) return 'quarantined'
  return word.inRow >= provenAt(word) && word.probation === 0 ? 'trusted' : 'proving'
}

const taskKey = ({ pipeline, task }: VariantRef) => `${pipeline} ${task}`
const variantKey = (ref: VariantRef) => `${taskKey(ref)} ${ref.variant}`

/** How it stands when it speaks of a variant: who is honest at one task may lie at another. */
export function standingAt(word: Word, ref: VariantRef): Standing {
  const standing = standingOf(word)
  const { [taskKey(ref)]: ofTask = 0, [variantKey(ref)]: ofVariant = 0 } = word.by
  if (standing !== 'trusted' || (ofTask >= AT_TASK && ofVariant >= AT_VARIANT)) return standing
  return 'proving'
}

/** Whether anything is held against it: such words are forgotten last. */
export const isDistrusted = ({ quarantined, sentences, suspicion }: Word): boolean =>
  quarantined || sentences > 0 || suspicion > 0

/** What it was believed at for a pipeline that is served no more. */
export function forgetPipeline({ by }: Word, pipeline: string): void {
  for (const key of Object.keys(by)) if (key.startsWith(`${pipeline} `)) delete by[key]
}

/** As it is kept: versions are of one run, and of two that are served the newer counts. */
export function keptOf(word: Word): Word {
  const by: Word['by'] = {}
  for (const [key, passed] of Object.entries(word.by)) {
    const [pipeline = '', ...rest] = key.split(' ')
    by[[publicName(pipeline), ...rest].join(' ')] = passed
  }
  return { ...word, by }
}

/** Share of its batches that are checked, 0..1: all at first, falling with each that is passed. */
export function shareChecked(word: Word, ref?: VariantRef): number {
  const standing = ref === undefined ? standingOf(word) : standingAt(word, ref)
  if (standing === 'own') return 0
  if (standing !== 'trusted') return 1
  return Math.max(LEAST_SHARE, (provenAt(word) / word.inRow) ** FALL)
}

/** Share of its results that are taken as they are. */
export function worthOf(word: Word): number {
  return 1 - shareChecked(word)
}

export function rejoin(word: Word): void {
  word.probation = PROBATION
}

/** A check was passed; with a known answer where `known`. */
export function pass(word: Word, known: boolean, ref: VariantRef): void {
  word.passed++
  if (word.quarantined) {
    if (known && ++word.atoned >= toAtone(word)) {
      word.quarantined = false
      word.suspicion = 1
      word.reason = `back from quarantine: ${word.atoned} known answers given right in a row`
    }
    return
  }
  word.inRow++
  if (word.own) return
  word.by ??= {}
  for (const key of [taskKey(ref), variantKey(ref)]) word.by[key] = (word.by[key] ?? 0) + 1
  word.probation = Math.max(0, word.probation - 1)
  word.suspicion = Math.max(0, word.suspicion - FORGIVEN)
  if (standingOf(word) === 'trusted') word.reason = `passed ${word.inRow} checks in a row`
  else word.reason = `passed ${word.inRow} of ${provenAt(word)} checks`
}

/** @param sureness how much a judge's word counts: less than 1 of unproven ones, 2 of one that is known */
export function fail(word: Word, sureness: number, reason: string): void {
  word.failed++
  word.inRow = 0
  word.by = {}
  word.atoned = 0
  if (word.own) {
    word.reason = `belongs to the coordinator, yet ${reason}`
    return
  }
  word.reason = reason
  word.probation = PROBATION
  if (word.quarantined) return
  word.suspicion += sureness
  if (word.suspicion >= TOO_SUSPECT) condemn(word)
}

/** It failed at something, or says nothing: whoever is at fault, it has to show that it still can. */
export function falter(word: Word): void {
  if (word.own) return
  word.probation = PROBATION
  word.atoned = 0
}

/** Another node did what it failed at. */
export function failWork(word: Word, reason: string): void {
  if (word.own) return
  falter(word)
  word.reason = reason
  if (word.quarantined) return
  word.failures = (word.failures ?? 0) + 1
  if (word.failures >= TOO_SUSPECT) condemn(word)
}

/** Work of its was taken: of failures that says as much as a check does of what was wrong. */
export function doWork(word: Word): void {
  if (word.failures !== undefined) word.failures = Math.max(0, word.failures - FORGIVEN)
}

function condemn(word: Word): void {
  word.quarantined = true
  word.failures = 0
  word.sentences++
}

export const toAtone = ({ sentences }: Word): number =>
  Math.min(MAX_ATONED, ATONED * 2 ** Math.max(0, sentences - 1))
