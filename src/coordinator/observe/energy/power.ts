/**
 * Power of a node's device: a model, never a measurement.
 *
 * @module
 */
import type { Power } from '../../../policy/core/elastic.ts'
import type { Hello } from '../../../protocol/mod.ts'
import { CARD_VENDORS, type DeviceKind, LINEAR, PHONE_VENDORS, POWER } from './params.ts'

/** The facts about a node that its power depends on. */
export interface Powered {
  hello: Pick<Hello, 'runtime' | 'device' | 'watts'>
  /** The backend in use now. */
  backend: string
}

/** The figures of its volunteer, within the bounds of the protocol; else those of its kind. */
export function powerOf(node: Powered): Power {
  const { watts } = node.hello
  if (watts === undefined) return POWER[kindOf(node)]
  return { idleW: watts.idle, busyW: Math.max(watts.idle, watts.busy), exponent: LINEAR }
}

export function kindOf({ hello: { runtime, device }, backend }: Powered): DeviceKind {
  const vendor = device?.vendor.toLowerCase() ?? ''
  const usesGpu = backend === 'webgpu' && device?.software === false
  if (usesGpu && CARD_VENDORS.has(vendor)) return 'card'
  if (runtime !== 'browser') return 'process'
  return PHONE_VENDORS.has(vendor) ? 'phone' : 'tab'
}

/** Watts of a device by its number of busy slots. */
export function wattsOf({ idleW, busyW, exponent }: Power, busy: number, slots: number): number {
  if (busy <= 0) return idleW
  const share = Math.min(1, busy / Math.max(1, slots))
  return idleW + (busyW - idleW) * share ** exponent
}
