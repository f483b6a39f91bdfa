/**
 * Parameters of trust: unit, meaning, and what another value did where that was tried.
 *
 * @module
 */
export const trust = {
  // Reputation
  proven: 10, // checks in a row that make a node trusted, and quick canaries after it joined; until then all that it says is checked
  doublings: 4, // times that quarantine doubles what a node has to show, at most
  atTask: 5, // checks that a trusted node passes at a task before it is believed there,
  atVariant: 2, // and of these with a variant. 5 instead of both: 20 % more is checked, and queries are late
  leastShare: 0.03, // share of a trusted node's batches that is checked at the least
  oftener: 4, // times that this grows with each lie of its that was proven
  mostLies: 3, // lies that were proven, over a node's life, that lead to quarantine
  fall: 1.5, // power by which the share falls with checks that were passed
  tooSuspect: 3, // suspicion, or failures, that lead to quarantine; a result that no input leads to is as much at once
  forgiven: 0.5, // suspicion, or failures, that a passed check, or work that was taken, makes up for
  sure: 2, // suspicion for contradicting a known answer, or a trusted node and another; an own node alone counts 1
  unsure: 0.75, // suspicion for contradicting nodes that have proven nothing
  probation: 3, // checks to pass, after joining and after a fault, before a node is given queries beside nodes that did
  atoned: 5, // known answers in a row that lead out of quarantine; twice as many each time
  remembered: 20_000, // nodes that are remembered; voters of which some were caught
  inherited: 2, // suspicion that a node begins with where another of its voter was caught: the first lie of its own sets it aside
  recordMs: 1_800_000, // ms for which that one counts

  // Replication
  quorum: 3, // voters that have to agree to prove anything where none of them is trusted
  mostVotes: 5, // nodes that are asked about the same items at the most
  hold: 0.6, // share of the time left to a query that its results may wait for a check
  forTrusted: 0.25, // share of that for which a check waits for trusted nodes, should all be busy
  audited: 0.25, // share of results up to which they are taken at once and checked later; in an alarm so much of all nodes is checked
  checkMs: 30_000, // ms until a check ends that nobody waits for; and how long an alarm lasts after a trusted node was wrong
  patienceMs: 1500, // ms for which a check that nobody waits for leaves slots to queries, or the auditor leaves what it would have to load
  retryMs: 10, // ms until a slot is looked for again
  looked: 32, // bound of work at one time: checks that a slot is looked for, nodes that are looked at, checks that go on after their results were taken
  mostChecks: 512, // checks at one time, besides those that results wait for
  auditorQueue: 2, // results that wait for the auditor: behind more, those of a trusted node are not kept waiting

  // Canaries
  tickMs: 100, // ms between two looks at who is due; and about between the canaries of a node that joined
  nothingMs: 500, // ms until a node is looked at again for which there was no canary
  proofMs: 3000, // ms between canaries of a node that is not trusted, or questions that nobody could answer; twice as many with each wrong answer in quarantine
  idleMs: 600_000, // likewise of a trusted node,
  batches: 120, // or so many batches; and the longest of all times
  items: 3, // items of one canary, at most; the first task of a pipeline seldom gets more than one
  samples: 8, // samples of a variant, of which half are asked for before any is needed; inputs of a task that are kept to be asked
  gathered: 8, // items before a task that gathers which make an input of it
  vain: 32, // questions for a variant that lead to no sample before no more are asked for it
  sampleBytes: 64 * 2 ** 20, // bytes of all samples; one of a variant takes a share of this at most
  mostSeen: 1000, // nodes that were asked for a sample: what so many know is no secret

  // Claims of speed
  tolerated: 1.5, // times that a node may be slower than it says: other work on its machine is no false claim
  claimSamples: 5, // batches until it is told, and over which its mean goes back

  // The auditor
  loadMs: 60_000, // ms after which a load is given up, and a variant that failed is tried again: everything else on the machine goes before it
  auditMs: 10_000, // ms of one batch of the auditor that results wait for, or the SLO where that is longer: a busy machine takes ten times as long as an idle one
  endingMs: 2000, // ms for the auditor to end a batch that took too long
  startMs: 5000, // ms until an auditor is expected that is not there
  owedWeight: 0.2, // weight of one query in what queries need of the auditor
  inVain: 10, // times as long as an input took in vain that its client waits for its next turn,
  otherMs: 60_000, // where another client asked in so many ms
  unconfirmableMs: 600_000, // ms for which an input is not tried again that the auditor came to nothing with
  unconfirmable: 1000, // such inputs
  heldBytes: 128e6, // bytes of variants that it holds at the same time; one that takes more it holds alone
  mostSlower: 100, // times as long as was said that a batch counts for at the most
}
