/** @module Numbers as people read them. */

/** As `0.3`, `12.4`, `128`: three figures at most. */
export function amount(value: number): string {
  if (value >= 99.95) return Math.round(value).toLocaleString('en')
  if (value >= 9.95) return value.toFixed(1)
  return value === 0 ? '0' : value.toFixed(value < 0.095 ? 2 : 1)
}

/** As `97.9`, of a ratio in 0..1; whole only where it is. */
export function percent(ratio: number): string {
  const value = 100 * ratio
  if (value === 0 || value === 100) return String(value)
  return value < 1 ? value.toFixed(2) : value > 99.9 ? '99.9' : value.toFixed(1)
}

/** As `8.2 ms`, `140 ms`, `2.4 s`. */
export function duration(ms: number): string {
  const [value, unit] = durationParts(ms)
  return `${value} ${unit}`
}

export function durationParts(ms: number): [string, 'ms' | 's'] {
  if (ms >= 9950) return [Math.round(ms / 1000).toLocaleString('en'), 's']
  if (ms >= 995) return [(ms / 1000).toFixed(1), 's']
  return [ms >= 9.95 ? String(Math.round(ms)) : ms.toFixed(1), 'ms']
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`

/** As `12 s ago`, `4 min ago`. */
export function ago(ms: number): string {
  if (ms < 2000) return 'now'
  if (ms < 90_000) return `${Math.round(ms / 1000)} s ago`
  if (ms < 5_400_000) return `${Math.round(ms / 60_000)} min ago`
  return `${Math.round(ms / 3_600_000)} h ago`
}
