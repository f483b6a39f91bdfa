/**
 * The reputations of nodes, present and past.
 *
 * @module
 */
import type { Reputation } from '../core/memory.ts'
import type {
  NodeId,
  NodeTrust,
  PolicyCommand,
  PolicyEvent,
  Standing,
  VariantRef,
} from '../core/types.ts'
import type { Finished } from '../state/finish.ts'
import { PROOF, type Proof } from '../state/node.ts'
import type { Failure } from '../state/query.ts'
import type { Batch } from '../state/node.ts'
import { trust as params } from './params.ts'
import { nameOf } from './quorum.ts'
import { Records } from './records.ts'
import {
  doWork,
  fail,
  failWork,
  falter,
  isDistrusted,
  newReputation,
  shareChecked,
  standingOf,
} from './reputation.ts'

export interface Presence {
  /** Whether its volunteer paused it. */
  paused: boolean
  backend: string | undefined
  /** Identity behind it: nodes of one voter have one vote. */
  voter: string
  /** Batches since its last canary. */
  batches: number
  /** Whether results of it were taken since it joined, or last failed, while no proven node was there. */
  worked: boolean
}

export class Reputations {
  readonly present = new Map<NodeId, Presence>()
  /** Number of present nodes that are not the coordinator's own. */
  strangers = 0
  private readonly all = new Map<NodeId, Reputation>()
  /** When each was last blamed for a failure, in ms. */
  private readonly blamedMs = new WeakMap<Reputation, number>()
  private readonly dirty = new Set<NodeId>()
  private readonly events: PolicyEvent[] = []
  private list: readonly NodeId[] | undefined
  private readonly records = new Records()
  /** Time of the current event. */
  nowMs = 0
  /** Highest proof of any present node. */
  private most: Proof | undefined

  /** @param proved called when a node's proof rose or fell */
  constructor(
    private readonly emit: (command: PolicyCommand) => void,
    private readonly proved: () => void = () => {},
  ) {}

  /** Ids of the present nodes. */
  get ids(): readonly NodeId[] {
    return this.list ??= [...this.present.keys()]
  }

  get(id: NodeId): Reputation | undefined {
    return this.all.get(id)
  }

  standingOf(id: NodeId, ref?: VariantRef): Standing {
    const reputation = this.all.get(id)
    return reputation === undefined ? 'proving' : standingOf(reputation, ref)
  }

  voterOf(id: NodeId): string {
    return this.present.get(id)?.voter ?? id
  }

  /** Proof that a node has given. */
  proofOf(id: NodeId): Proof {
    const reputation = this.all.get(id)
    if (reputation === undefined) return PROOF.none
    const standing = standingOf(reputation)
    if (standing === 'own') return PROOF.own
    if (standing === 'trusted') return PROOF.right
    const works = reputation.probation === 0 || this.present.get(id)?.worked === true
    return works ? PROOF.works : PROOF.none
  }

  /** Whether its batch times count for estimates of other nodes: only of nodes with the highest proof. */
  speaks(id: NodeId): boolean {
    this.most ??= this.ids.reduce<Proof>((most, one) => {
      const proof = this.proofOf(one)
      return proof > most ? proof : most
    }, PROOF.none)
    return this.proofOf(id) === this.most
  }

  trustOf(id: NodeId, slowerThanSaid: number): NodeTrust | undefined {
    const reputation = this.all.get(id)
    if (reputation === undefined) return undefined
    const { reason, passed, failed, lies = 0 } = reputation
    const [standing, trust] = [standingOf(reputation), 1 - shareChecked(reputation)]
    return { standing, trust, reason, passed, failed, lies, slowerThanSaid }
  }

  /** Whether results of a variant are taken at once, and at most compared later. */
  takesAtOnce(id: NodeId, ref: VariantRef): boolean {
    const reputation = this.all.get(id)
    return reputation !== undefined && shareChecked(reputation, ref) <= params.audited
  }

  /** Changes a node's reputation; reports a change of its standing or proof. */
  change(id: NodeId, how: (reputation: Reputation, presence?: Presence) => void): void {
    const reputation = this.all.get(id)
    if (reputation === undefined) return
    const presence = this.present.get(id)
    const before = standingOf(reputation)
    const proof = this.proofOf(id)
    how(reputation, presence)
    this.dirty.add(id)
    if (this.proofOf(id) !== proof) {
      this.most = undefined
      this.proved()
    }
    const standing = standingOf(reputation)
    if (standing === before) return
    const isCaught = standing === 'quarantined' && reputation.failed > 0
    if (isCaught && presence !== undefined) this.records.caught(presence.voter, this.nowMs)
    this.emit({ type: 'judged', node: id, standing, reason: reputation.reason })
    if (presence === undefined || (standing !== 'quarantined' && before !== 'quarantined')) return
    const paused = presence.paused || standing === 'quarantined'
    this.events.push({ type: 'node_reported', node: id, paused })
  }

  /** @param voter identity behind it, if not the node alone */
  join(id: NodeId, own: boolean, voter = id): void {
    this.leave(id)
    let reputation = this.all.get(id)
    if (reputation === undefined || reputation.own !== own) {
      // A node that joins by the id of an own one without being one inherits nothing.
      reputation = newReputation(own)
      if (!own && this.records.has(voter, this.nowMs)) {
        reputation.suspicion = params.inherited
        reputation.reason = 'new, and a node of its voter was quarantined'
      }
      this.all.delete(id)
      this.all.set(id, reputation)
    } else if (!own) reputation.probation = params.probation
    this.present.set(id, {
      paused: false,
      backend: undefined,
      // An own node counts as a voter of its own, and judges nodes of its machine too.
      voter: own ? id : voter,
      batches: 0,
      worked: false,
    })
    this.forgetSome()
    this.list = this.most = undefined
    if (!own) this.strangers++
    if (!reputation.quarantined) return
    // The driver of the scheduler knows only present nodes.
    const { reason } = reputation
    this.emit({ type: 'judged', node: id, standing: 'quarantined', reason })
    this.events.push({ type: 'node_reported', node: id, paused: true })
  }

  leave(id: NodeId): void {
    if (!this.present.delete(id)) return
    this.list = this.most = undefined
    if (this.all.get(id)?.own === false) this.strangers--
  }

  /** A batch of this node failed: it must show again that it works. */
  failed(id: NodeId): void {
    this.change(id, (reputation, presence) => {
      falter(reputation)
      if (presence !== undefined) presence.worked = false
    })
  }

  /** A result that is wrong for every input. */
  blatant(id: NodeId, fault: string, ref: VariantRef): void {
    const reason = `${fault} (${nameOf(ref)})`
    this.change(id, (reputation) => fail(reputation, params.tooSuspect, reason))
  }

  /**
   * Another node did what this one failed at. Batches that the node had at the same time count as one
   * failure, with one cause.
   */
  blame({ node, variant, sentMs }: Failure, nowMs: number): void {
    this.change(node, (reputation) => {
      if (sentMs <= (this.blamedMs.get(reputation) ?? -Infinity)) return
      this.blamedMs.set(reputation, nowMs)
      failWork(reputation, `failed at items that another node did (${nameOf(variant.ref)})`)
    })
  }

  /** Results are about to be taken: nodes that failed at the same items before are to blame. */
  taken(batch: Batch, { outcomes }: Finished, nowMs: number): void {
    const { id } = batch.slot.node
    let done = false
    let refused = false
    batch.items.forEach((item, i) => {
      if (item.query.closed || item.batch !== batch.id) return
      const outcome = outcomes[i]
      if (outcome?.ok) {
        done = true
        for (const failure of item.failures) if (failure.node !== id) this.blame(failure, nowMs)
      } else if (outcome?.fatal) refused = true
      else if (!outcome?.excused) batch.failed = true
    })
    if (done) this.worked(id)
    else if (batch.failed && !refused) this.failed(id)
  }

  /** Events for the scheduler since the last call. */
  news(): PolicyEvent[] {
    return this.events.splice(0)
  }

  /** Reputations that changed since the last call. */
  changed(): [NodeId, Reputation][] {
    const some = [...this.dirty].map((id): [NodeId, Reputation] => [id, this.all.get(id)!])
    this.dirty.clear()
    return structuredClone(some.filter(([, { own }]) => !own))
  }

  remember(kept: readonly [NodeId, Reputation][]): void {
    for (const [id, one] of kept) if (!this.all.has(id)) this.all.set(id, structuredClone(one))
  }

  private worked(id: NodeId): void {
    // Called for every batch, but seldom changes anything.
    if (this.proofOf(id) !== PROOF.none && !this.all.get(id)?.failures) return
    this.change(id, (reputation, presence) => {
      doWork(reputation)
      if (presence !== undefined) presence.worked = true
    })
  }

  /**
   * Forgets nodes that left, the longest known first; distrusted ones after all others, so that joining
   * again and again does not erase them.
   */
  private forgetSome(): void {
    for (const distrusted of [false, true]) {
      for (const [id, reputation] of this.all) {
        if (this.all.size <= params.remembered) return
        if (this.present.has(id) || isDistrusted(reputation) !== distrusted) continue
        this.all.delete(id)
        this.dirty.delete(id)
      }
    }
  }
}
