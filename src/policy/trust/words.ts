/**
 * Who is here and who was, and what the word of each is worth.
 *
 * @module
 */
import { PROOF, type Proof } from '../state/slots.ts'
import type {
  NodeId,
  NodeTrust,
  PolicyCommand,
  PolicyEvent,
  Standing,
  VariantRef,
} from '../core/types.ts'
import { type CanaryClock, createCanaryClock, wind } from './canaries.ts'
import type { Word } from '../core/memory.ts'
import {
  createWord,
  forgetPipeline,
  isDistrusted,
  keptOf,
  rejoin,
  standingAt,
  standingOf,
  worthOf,
} from './word.ts'

export interface Presence {
  /** By its volunteer. */
  paused: boolean
  canary: CanaryClock
  backend: string | undefined
  /** Who stands behind it: nodes of one voter have one vote. */
  voter: string
  /** A known answer is being asked for: one at a time. */
  asked: boolean
  /** Results of its were taken since it came, or last failed, while nobody better was there. */
  worked: boolean
}

export interface Words {
  get(node: NodeId): Word | undefined
  standingOf(node: NodeId): Standing
  /** When it speaks of this variant. */
  standingAt(node: NodeId, ref: VariantRef): Standing
  voterOf(node: NodeId): string
  /** How much it has shown. */
  proofOf(node: NodeId): Proof
  /** Whether what its batches take says anything of others: of those alone who have shown most. */
  speaks(node: NodeId): boolean
  trustOf(node: NodeId, slowerThanSaid: number): NodeTrust | undefined
  /** Nodes that are here. */
  present: ReadonlyMap<NodeId, Presence>
  /** Their ids in no order that matters, to look at some beginning anywhere. */
  ids(): readonly NodeId[]
  /** How many of them are not the coordinator's own. */
  readonly strangers: number
  /** Changes a node's word; says so where that changes how it stands, or how much it has shown. */
  change(node: NodeId, how: (word: Word, presence?: Presence) => void): void
  /** @param voter who stands behind it, where that is not the node alone */
  join(node: NodeId, own: boolean, nowMs: number, voter?: string): void
  leave(node: NodeId): void
  /** A pipeline is served no more. */
  close(pipeline: string): void
  /** What the rules are to hear of since the last call. */
  news(): PolicyEvent[]
  /** Those that changed since the last call. */
  changed(): [NodeId, Word][]
  remember(words: readonly [NodeId, Word][]): void
}

/** One that shows less than before is asked as if it were new. */
const soon = (clock: CanaryClock): CanaryClock => ({ ...clock, atMs: -Infinity, sent: 0 })

/**
 * Of nodes that left, the longest known are forgotten first; those that something is held against after
 * all others: who merely joins, again and again, must not have them forgotten.
 */
const MAX_WORDS = 20_000

/** @param proved told that some node has shown more, or less, than before */
export function createWords(
  emit: (command: PolicyCommand) => void,
  random: () => number,
  proved: () => void = () => {},
): Words {
  const words = new Map<NodeId, Word>()
  const present = new Map<NodeId, Presence>()
  const dirty = new Set<NodeId>()
  let news: PolicyEvent[] = []
  let strangers = 0
  let ids: readonly NodeId[] | undefined
  /** Undefined until it is asked for. */
  let best: Proof | undefined

  function leave(id: NodeId): void {
    if (!present.delete(id)) return
    ids = best = undefined
    if (words.get(id)?.own === false) strangers--
  }

  function proofOf(id: NodeId): Proof {
    const word = words.get(id)
    if (word === undefined) return PROOF.none
    const standing = standingOf(word)
    if (standing === 'own') return PROOF.own
    if (standing === 'trusted') return PROOF.right
    const works = word.probation === 0 || present.get(id)?.worked === true
    return works ? PROOF.works : PROOF.none
  }

  /** How much those have shown who have shown most. */
  function most(): Proof {
    if (best === undefined) {
      best = PROOF.none
      for (const id of present.keys()) if (proofOf(id) > best) best = proofOf(id)
    }
    return best
  }

  function forgetSome(): void {
    for (const held of [false, true]) {
      for (const [id, word] of words) {
        if (words.size <= MAX_WORDS) return
        if (present.has(id) || isDistrusted(word) !== held) continue
        words.delete(id)
        // Where nothing is kept over a restart, nobody asks for what changed.
        dirty.delete(id)
      }
    }
  }

  return {
    get: (id) => words.get(id),
    standingOf(id) {
      const word = words.get(id)
      return word === undefined ? 'proving' : standingOf(word)
    },
    standingAt(id, ref) {
      const word = words.get(id)
      return word === undefined ? 'proving' : standingAt(word, ref)
    },
    voterOf: (id) => present.get(id)?.voter ?? id,
    proofOf,
    speaks: (id) => proofOf(id) === most(),
    trustOf(id, slowerThanSaid) {
      const word = words.get(id)
      if (word === undefined) return undefined
      const { reason, passed, failed } = word
      const [standing, trust] = [standingOf(word), worthOf(word)]
      return { standing, trust, reason, passed, failed, slowerThanSaid }
    },
    present,
    ids: () => ids ??= [...present.keys()],
    get strangers() {
      return strangers
    },
    change(id, how) {
      const word = words.get(id)
      if (word === undefined) return
      const presence = present.get(id)
      const [before, proof] = [standingOf(word), proofOf(id)]
      how(word, presence)
      dirty.add(id)
      if (proofOf(id) !== proof) {
        best = undefined
        proved()
      }
      if (proofOf(id) < proof && presence !== undefined) presence.canary = soon(presence.canary)
      const after = standingOf(word)
      if (after === before) return
      emit({ type: 'judged', node: id, standing: after, reason: word.reason })
      if (presence === undefined) return
      presence.canary.failed = 0
      if (after !== 'quarantined' && before !== 'quarantined') return
      const paused = presence.paused || after === 'quarantined'
      news.push({ type: 'node_reported', node: id, paused })
    },
    join(id, own, nowMs, voter = id) {
      leave(id)
      let word = words.get(id)
      if (word === undefined || word.own !== own) {
        // Who comes by the id of one of the own nodes and is not inherits nothing.
        word = createWord(own)
        words.delete(id)
        words.set(id, word)
      } else if (!own) rejoin(word)
      const presence = {
        ...{ paused: false, asked: false, backend: undefined, worked: false },
        // An own node judges who came from its own machine, too.
        voter: own ? id : voter,
        canary: createCanaryClock(nowMs, random),
      }
      present.set(id, presence)
      // It is among those who are here by now, of whom none is forgotten.
      forgetSome()
      ids = best = undefined
      if (!own) strangers++
      if (!word.quarantined) return
      wind(presence.canary, 'quarantined', nowMs, random)
      // Whoever drives this knows only nodes that are there.
      emit({ type: 'judged', node: id, standing: 'quarantined', reason: word.reason })
      news.push({ type: 'node_reported', node: id, paused: true })
    },
    leave,
    close(pipeline) {
      for (const word of words.values()) forgetPipeline(word, pipeline)
    },
    news() {
      const some = news
      news = []
      return some
    },
    changed() {
      const some = [...dirty].flatMap((id): [NodeId, Word][] => {
        const word = words.get(id)
        return word === undefined || word.own ? [] : [[id, keptOf(word)]]
      })
      dirty.clear()
      return some
    },
    remember(remembered) {
      for (const [id, word] of remembered) if (!words.has(id)) words.set(id, { ...word })
    },
  }
}
