/**
 * Parameters of placement and of loading. A price or reward is
 * in shares of the accuracy of everything that is asked: 1 is all of it. Guards against rounding (1e-3
 * and less) stand where they are used.
 *
 * @module
 */
export const place = {
  // Time and capacity
  waiting: 0.5, // share of an SLO that is kept for waiting behind one batch; as in the Loki paper
  floorPerS: 0.1, // queries/s planned for where fewer come, so that the first one is served
  leastFanOut: 0.01, // items; planned for a task that was handed nothing so far: it may be the next time

  // Rewards and prices
  served: 30, // reward of serving everything: more than any accuracy
  levelReward: 0.9, // in overload, part of `served` for the least served pipeline (max-min of shares by weight)
  queryReward: 0.09, // likewise for the share of all queries; what is left is for their accuracy
  movePrice: 0.001, // price of a slot that changes what it holds: half of it is lost while it loads
  riskPrice: 0.1, // added to that, times the share of nodes that may go: what changed has to change again
  hysteresis: 0.02, // share by which another plan has to be better before what is held is given up
  gap: 0.005, // distance from the bound at which the search ends; less accuracy that is lost is no choice

  // Peak: what has to be carried somehow
  peakShort: 5, // price of carrying none of it
  peakAccuracy: 0.1, // reward of its accuracy: the peak is there for a part of the time,
  surgeAccuracy: 0.3, // and for more of it where demand was seen to jump

  // Floors: queries that ask for a least accuracy
  floorShort: 5, // price of holding nothing for all floors of a pipeline, times the share of slots that they take: less than what those slots serve counts
  floorDeviations: 4, // deviations of what comes in a second (or half an SLO) that are held for
  floorSlots: 2, // least slots for a floor: one alone may be busy, or its node gone

  // Warm spares
  reserve: 4, // times the demand that spares of one variant are to carry together with awake slots

  // Migration
  carriedDeviations: 3, // deviations of what comes in a second, beyond the demand, that are to be carried while slots load
  loading: 0.5, // worth of a slot that loads, against one that serves
  schedule: 6, // steps that are planned; what comes after waits for the next plan
  beam: 4, // beginnings that the search of an order goes on with
  atOnceShare: 0.25, // most of all slots that load at one time; a tenth of those move at a step

  // Effort, by count: the same problem gives the same plan on any machine
  updates: 500_000_000, // updates of tableaus' cells in all, estimated: what the time goes into; a twentieth for one integer program
  rounds: 16, // neighbourhoods that a search looks at (40 find hardly more); a fourth of them for what given sets carry
  freeIntegers: 24, // integers free in the largest neighbourhood; half of them in the first
  branches: 120, // branches of one integer program; down to an eighth of them where they are dear
  replans: 4, // plans made at most where what they carry falls short, each for more demand,
  replanStep: 1.02, // by so much times what is missing
  maxColumns: 1000, // flows of a program, and an eighth as many rows of junctions; time allowances are left out to keep to them
  candidates: 36, // sets of variants to count slots for, of a class; and pairs of what is held and what shall be that are weighed for a step
  allowances: 8, // most allowances of a variant

  // Solver
  precision: 1e-6, // how far an answer may be outside its program, relative to the terms of a row
  pivots: 6, // pivots for each row; four times as many in a second try, which pools of 10,000 slots want
  pivotsPerRow: 1.5, // estimate of what a linear program takes, and
  pivotsPerBranch: 15, // of what a branch does
}

export const load = {
  // Loads
  firstPauseMs: 2000, // ms until a load that failed is tried again; doubles from one try of a row to the next
  longPauseMs: 3_600_000, // ms after the last of a row: what kept it from loading may pass, as what else takes a device's memory does, and nobody says so; a load that can never be costs the slot a moment an hour

  // Background loads
  quietMs: 300, // ms after a batch in which no such load begins: the next batch of its query is likely near
  shareBeside: 0.05, // share of the time in which a machine that always has batches makes them: 40 loads of .3 s in 4 minutes

  // When a placement is worked out anew
  placeMs: 10_000, // ms after the last one, where nothing changed,
  leastPlaceMs: 1000, // and at least, where demand changed
  rise: 0.03, // share and
  risePerS: 0.2, // queries/s by which demand rose that is a change, and
  fall: 0.15, // share and
  fallPerS: 1, // queries/s by which it fell, or rose for a jump
  plannerMs: 5000, // ms after which a planner that has not answered will not
  jump: 1.25, // factor by which demand is above what a placement was asked for with, so that its slots would move again

  // Throttle: a pool of a thousand nodes would take longer to look at than to load
  eachMs: 0.1, // ms between two looks at all slots, for each node

  // Departures
  memoryMs: 300_000, // ms after which a node that went counts for 1/e
  priorMs: 600_000, // ms of nodes' time in which none went, at first
  changingMs: 2500, // ms until a placement is made, begun and loaded
  deviations: 2, // deviations of the number of nodes that go in that time
  mostAtRisk: 0.5, // share of the nodes that is reckoned with at most

  // What a slot that can hold all loads first
  shareForFirst: 0.5, // share of the pool that it is worked out with: until it is loaded more may be asked, and others gone. Loads of 4 s, nodes that stay 30 s: 0.4 % are lost with 0.8 of it, none with 0.5; with less nodes are less accurate
  firstLoadsMs: 250, // ms after which it is worked out anew; sooner for a node that is new

  // Pools
  mostSlots: 256, // most slots of a node
  fewNodes: 64, // nodes of a larger pool that go are looked at later
  patienceMs: 2000, // ms after which a slot that no placement speaks of loads what fits
}
