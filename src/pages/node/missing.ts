/**
 * What a browser keeps from a page that came over plain http from elsewhere, in plain words.
 *
 * @module
 */
import type { BrowserFacts } from '../../node/host_browser.ts'

export function missingOf(facts: BrowserFacts): string[] {
  // On a secure origin what is absent is the browser's choice, and no address would change it.
  if (facts.secure) return []
  const missing: string[] = []
  if (!facts.threads) missing.push('threads: one processor is used, whatever this device has')
  if (!facts.webgpu) missing.push('the graphics unit (WebGPU)')
  if (!facts.cache) missing.push('its cache: models are loaded again at each visit')
  if (!facts.hashing) missing.push('quick hashing (crypto.subtle): models are checked more slowly')
  return missing
}
