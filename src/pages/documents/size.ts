/** @module Sizes as people say them. */

/** As `12 KB`, `3.4 MB`. */
export function size(bytes: number): string {
  if (bytes < 999_500) return `${Math.max(1, Math.round(bytes / 1000))} KB`
  return `${(bytes / 1e6).toFixed(bytes < 9.95e6 ? 1 : 0)} MB`
}
