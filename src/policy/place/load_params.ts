/**
 * Parameters of loading, all in one object that functions read when they run.
 *
 * @module
 */
export const load = {
  // Loads
  firstPauseMs: 2000, // ms until a load that failed is tried again; doubles from one try of a row to the next
  longPauseMs: 3_600_000, // ms after the last of a row: what kept it from loading may pass, as what else takes a device's memory does, and nobody says so; a load that can never be costs the slot a moment an hour

  // When a placement is worked out anew
  placeMs: 10_000, // ms after the last one, where nothing changed,
  leastPlaceMs: 1000, // and at least, where demand changed
  rise: 0.03, // share and
  risePerS: 0.2, // queries/s by which demand rose that is a change, and
  fall: 0.15, // share and
  fallPerS: 1, // queries/s by which it fell
  plannerMs: 5000, // ms after which a planner that has not answered will not
  jump: 1.25, // factor and
  jumpPerS: 2, // queries/s by which demand is above what a placement was asked for with, so that its slots would move again

  // Throttle: a pool of a thousand nodes would take longer to look at than to load
  unthrottled: 128, // nodes up to which all slots are looked at after each load
  eachMs: 0.1, // ms between two looks, for each node of a larger pool

  // Departures
  memoryMs: 300_000, // ms after which a node that went counts for 1/e
  priorMs: 600_000, // ms of nodes' time in which none went, at first
  changingMs: 2500, // ms until a placement is made, begun and loaded
  deviations: 2, // deviations of the number of nodes that go in that time
  mostAtRisk: 0.5, // share of the nodes that is reckoned with at most

  // What a slot that can hold all loads first
  shareForFirst: 0.5, // share of the pool that it is worked out with: until it is loaded more may be asked, and others gone. Loads of 4 s, nodes that stay 30 s: 0.4 % are lost with 0.8 of it, none with 0.5; with less nodes are less accurate
  leastWork: 1e-3, // share of a group's time that counts as work
  firstLoadsMs: 250, // ms after which it is worked out anew; sooner for a node that is new
}
