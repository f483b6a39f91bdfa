/** Share of a pool that may leave before its slots can change. */
import assert from 'node:assert/strict'
import { Departures } from '../../../src/policy/place/due.ts'

/** Nodes leave one after the other, after a mean stay, and each is replaced at once. */
function shareOf(nodes: number, uptimeS: number, forS: number): number {
  const departures = new Departures()
  departures.joined(nodes, 0)
  const eachMs = uptimeS * 1000 / nodes
  for (let nowMs = eachMs; nowMs < forS * 1000; nowMs += eachMs) {
    departures.left(nodes - 1, nowMs)
    departures.joined(nodes, nowMs)
  }
  return departures.shareAtRisk(forS * 1000)
}

Deno.test('a pool without departures is planned with as a whole', () => {
  const departures = new Departures()
  assert.equal(departures.shareAtRisk(0), 0)
  departures.joined(20, 0)
  assert.equal(departures.shareAtRisk(3600_000), 0)
})

Deno.test('shorter stays of nodes reduce the planned share, less so in a large pool', () => {
  // Of fourteen nodes that stay a minute, 0.6 leave in two and a half seconds; with two deviations 2.1.
  const few = shareOf(14, 60, 1800)
  assert.ok(few > 0.12 && few < 0.16, `${few}`)
  const many = shareOf(1400, 60, 1800)
  assert.ok(many > 0.045 && many < 0.06, `${many}`)
  assert.ok(shareOf(14, 600, 3600) < few / 4)
  // One departure within the first minute of a pool says little.
  assert.ok(shareOf(14, 840, 61) < 0.03)
})

Deno.test('older departures count less', () => {
  const departures = new Departures()
  departures.joined(10, 0)
  for (let i = 1; i <= 10; i++) {
    departures.left(9, i * 1000)
    departures.joined(10, i * 1000)
  }
  const soon = departures.shareAtRisk(11_000)
  assert.ok(soon > 0.1, `${soon}`)
  assert.ok(departures.shareAtRisk(1200_000) < soon / 10)
})
