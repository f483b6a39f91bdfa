/**
 * How much of their time slots that share a queue can be planned to work.
 *
 * @module
 */

/** Erlang C: the chance that an item has to wait, with `slots` slots and `load` of them at work. */
function waitChance(slots: number, load: number): number {
  let blocked = 1
  for (let n = 1; n <= slots; n++) blocked = load * blocked / (n + load * blocked)
  return slots * blocked / (slots - load * (1 - blocked))
}

/** Where more slots share a queue the fall is less than the search's precision. */
const MANY = 400

const remembered = new Map<string, number>()

/**
 * Largest utilisation, up to `cap`, at which at most `tail` of the items wait longer than one batch
 * takes: Erlang's waiting chance for `slots` slots, its tail that of constant service times, which
 * falls twice as fast as that of exponential ones. With a tail of 0.05 that is 0.22 for one slot,
 * 0.52 for two, 0.65 for three, 0.84 for eight, 0.93 for twenty.
 *
 * Half of a query's time is kept for waiting (halving), as long as one batch: hence the tail there.
 */
export function utilisationOf(slots: number, cap: number, tail: number): number {
  if (tail >= 1 || slots <= 0) return cap
  const count = Math.min(Math.ceil(slots - 1e-9), MANY)
  const key = `${count} ${cap} ${tail}`
  const known = remembered.get(key)
  if (known !== undefined) return known
  let [low, high] = [0, cap]
  const tooLong = (share: number) =>
    share >= 1 || waitChance(count, count * share) * Math.exp(-2 * (1 - share) * count) > tail
  if (!tooLong(high)) low = high
  for (let i = 0; i < 30 && high > low; i++) {
    const middle = (low + high) / 2
    if (tooLong(middle)) high = middle
    else low = middle
  }
  if (remembered.size > 4096) remembered.clear()
  remembered.set(key, low)
  return low
}
