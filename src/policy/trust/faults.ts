/**
 * Work that nodes failed at, or never spoke of again. Whose fault that was is known once another did
 * the same: until then a node only has to show anew that it works. What a node had at one time failed
 * for one reason, and counts once.
 *
 * @module
 */
import type { Extras } from '../state/finish.ts'
import type { Finished } from '../state/finish.ts'
import type { Word } from '../core/memory.ts'
import type { Batch } from '../state/slots.ts'
import { PROOF } from '../state/slots.ts'
import type { Failure } from '../state/query.ts'
import type { NodeId } from '../core/types.ts'
import { doWork, failWork, falter } from './word.ts'
import type { Words } from './words.ts'

export interface Faults {
  /** A batch came to nothing. */
  failed(batch: Batch): void
  /** Results are about to be taken. */
  taken(batch: Batch, event: Finished, nowMs: number): void
  /** Has what comes to nothing of these held against its node, where the answer was known. */
  watch(extras: Extras): Extras
}

/** @param isHere whether a node's link stands: what was lost with it says nothing more */
export function createFaults(words: Words, isHere: (node: NodeId) => boolean): Faults {
  /** When each failed last. */
  const failedMs = new WeakMap<Word, number>()

  function failed({ slot: { node } }: Pick<Batch, 'slot'>): void {
    words.change(node.id, (word, presence) => {
      falter(word)
      if (presence !== undefined) presence.worked = false
    })
  }

  function blame({ node, variant: { ref }, sentMs }: Failure, nowMs: number): void {
    words.change(node, (word) => {
      if (sentMs <= (failedMs.get(word) ?? -Infinity)) return
      failedMs.set(word, nowMs)
      const about = `${ref.pipeline}/${ref.task}/${ref.variant}`
      failWork(word, `failed at what another node did (${about})`)
    })
  }

  function worked(id: NodeId): void {
    // Asked with every batch, and seldom any news.
    if (words.proofOf(id) !== PROOF.none && !words.get(id)?.failures) return
    words.change(id, (word, presence) => {
      doWork(word)
      if (presence !== undefined) presence.worked = true
    })
  }

  return {
    failed,
    taken(batch, { outcomes }, nowMs) {
      let done = false
      let refused = false
      batch.items.forEach((item, i) => {
        if (item.query.closed || item.batch !== batch.id) return
        const outcome = outcomes[i]
        if (outcome?.ok) {
          done = true
          for (const failure of item.failures) {
            if (failure.node !== batch.slot.node.id) blame(failure, nowMs)
          }
        } else if (outcome?.fatal) refused = true
        else if (!outcome?.excused) batch.failed = true
      })
      if (done) worked(batch.slot.node.id)
      else if (batch.failed && !refused) failed(batch)
    },
    watch: (extras) => ({
      take: (id) => extras.take(id),
      send(slot, variant, extra, owner, atMs) {
        const fault = (nowMs: number) => {
          if (extra.like === undefined || !isHere(slot.node.id)) return
          failed({ slot })
          blame({ node: slot.node.id, variant, sentMs: atMs }, nowMs)
        }
        return extras.send(slot, variant, extra, {
          finished(batch, event, nowMs) {
            const isFault = event.outcomes.every((one) => !one.ok && !one.fatal && !one.excused)
            if (isFault) fault(nowMs)
            owner.finished(batch, event, nowMs)
          },
          lost(batch, nowMs) {
            fault(nowMs)
            owner.lost(batch, nowMs)
          },
        }, atMs)
      },
    }),
  }
}
