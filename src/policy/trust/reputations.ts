/**
 * The reputation of each node that is here, and of those that were.
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
  /** By its volunteer. */
  paused: boolean
  backend: string | undefined
  /** Who stands behind it: nodes of one voter have one vote. */
  voter: string
  /** Batches since its last canary. */
  batches: number
  /** Results of its were taken since it came, or last failed, while nobody better was there. */
  worked: boolean
}

export class Reputations {
  readonly present = new Map<NodeId, Presence>()
  /** Nodes that are here and are not the coordinator's own. */
  strangers = 0
  private readonly all = new Map<NodeId, Reputation>()
  /** When each was last blamed for a failure. */
  private readonly blamedMs = new WeakMap<Reputation, number>()
  private readonly dirty = new Set<NodeId>()
  private readonly events: PolicyEvent[] = []
  private list: readonly NodeId[] | undefined
  private readonly records = new Records()
  /** Of the event that is handled. */
  nowMs = 0
  /** How much those have shown that have shown most. */
  private most: Proof | undefined

  /** @param proved told that a node has shown more, or less, than before */
  constructor(
    private readonly emit: (command: PolicyCommand) => void,
    private readonly proved: () => void = () => {},
  ) {}

  /** Ids of the nodes that are here. */
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

  /** How much it has shown. */
  proofOf(id: NodeId): Proof {
    const reputation = this.all.get(id)
    if (reputation === undefined) return PROOF.none
    const standing = standingOf(reputation)
    if (standing === 'own') return PROOF.own
    if (standing === 'trusted') return PROOF.right
    const works = reputation.probation === 0 || this.present.get(id)?.worked === true
    return works ? PROOF.works : PROOF.none
  }

  /** Whether what its batches take says anything of others: only of those that have shown most. */
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

  /** Whether what it says of a variant is taken at once, and compared later if at all. */
  takesAtOnce(id: NodeId, ref: VariantRef): boolean {
    const reputation = this.all.get(id)
    return reputation !== undefined && shareChecked(reputation, ref) <= params.audited
  }

  /** Changes a node's reputation; says so where that changes how it stands, or how much it has shown. */
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

  /** @param voter who stands behind it, where that is not the node alone */
  join(id: NodeId, own: boolean, voter = id): void {
    this.leave(id)
    let reputation = this.all.get(id)
    if (reputation === undefined || reputation.own !== own) {
      // A node that comes by the id of an own one and is not inherits nothing.
      reputation = newReputation(own)
      if (!own && this.records.has(voter, this.nowMs)) {
        reputation.suspicion = params.inherited
        reputation.reason = 'new, and a node from there was set aside'
      }
      this.all.delete(id)
      this.all.set(id, reputation)
    } else if (!own) reputation.probation = params.probation
    this.present.set(id, {
      paused: false,
      backend: undefined,
      // An own node judges nodes from its own machine, too.
      voter: own ? id : voter,
      batches: 0,
      worked: false,
    })
    this.forgetSome()
    this.list = this.most = undefined
    if (!own) this.strangers++
    if (!reputation.quarantined) return
    // Whoever drives this knows only nodes that are there.
    const { reason } = reputation
    this.emit({ type: 'judged', node: id, standing: 'quarantined', reason })
    this.events.push({ type: 'node_reported', node: id, paused: true })
  }

  leave(id: NodeId): void {
    if (!this.present.delete(id)) return
    this.list = this.most = undefined
    if (this.all.get(id)?.own === false) this.strangers--
  }

  /** A batch of this node came to nothing: it has to show anew that it works. */
  failed(id: NodeId): void {
    this.change(id, (reputation, presence) => {
      falter(reputation)
      if (presence !== undefined) presence.worked = false
    })
  }

  /** A result that no input leads to. */
  blatant(id: NodeId, fault: string, ref: VariantRef): void {
    const reason = `${fault} (${nameOf(ref)})`
    this.change(id, (reputation) => fail(reputation, params.tooSuspect, reason))
  }

  /**
   * Another node did what this one failed at. What a node had at one time failed for one reason, and
   * counts once.
   */
  blame({ node, variant, sentMs }: Failure, nowMs: number): void {
    this.change(node, (reputation) => {
      if (sentMs <= (this.blamedMs.get(reputation) ?? -Infinity)) return
      this.blamedMs.set(reputation, nowMs)
      failWork(reputation, `failed at what another node did (${nameOf(variant.ref)})`)
    })
  }

  /** Results are about to be taken: whoever failed at the same before is to blame. */
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

  /** What the scheduler is to hear of since the last call. */
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
    // It is called for every batch, and seldom changes anything.
    if (this.proofOf(id) !== PROOF.none && !this.all.get(id)?.failures) return
    this.change(id, (reputation, presence) => {
      doWork(reputation)
      if (presence !== undefined) presence.worked = true
    })
  }

  /**
   * Of nodes that left, those are forgotten first that are known longest; those that something is held
   * against after all others: nobody can have them forgotten by joining again and again.
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
