/**
 * Assumed power of devices, by their kind. None is measured on a volunteer's device: the figures
 * are of the order of what makers state, and a volunteer with a meter can set better ones
 * (`--watts` of a node).
 *
 * @module
 */

import type { Power } from '../../../policy/core/elastic.ts'

export type DeviceKind = 'process' | 'tab' | 'phone' | 'card'

/**
 * 1: a device takes as much more for each further slot. Fan, Weber and Barroso (Power Provisioning
 * for a Warehouse-sized Computer, ISCA 2007) found servers close to that. Above 1 the last slot
 * costs the most, as where clocks rise with the load.
 */
export const LINEAR = 1

export const POWER: Readonly<Record<DeviceKind, Power>> = {
  /**
   * A Deno process on a computer. Makers of middling desktop processors state 65 W (Core i5-12400,
   * Ryzen 5 5600). 15 W for the rest of the machine, and 5 W of the processor's at rest, are
   * guesses.
   */
  process: { idleW: 20, busyW: 80, exponent: LINEAR },
  /**
   * A tab on a computer, which is most often a laptop: 15 W is stated for its processor (Core
   * i5-1235U). 10 W for the rest with the screen is a guess, as are 8 W for all of it at rest.
   */
  tab: { idleW: 8, busyW: 25, exponent: LINEAR },
  /**
   * A phone sheds 3 to 5 W without a fan before it slows down. A guess, as is 1 W with its screen
   * on.
   */
  phone: { idleW: 1, busyW: 4, exponent: LINEAR },
  /**
   * A graphics card in a desktop: 115 W is stated for a small one (GeForce RTX 4060), beside 35 W
   * for a processor that feeds it and all else. 30 W at rest is a guess.
   */
  card: { idleW: 30, busyW: 150, exponent: LINEAR },
}

/**
 * Makers, as WebGPU names them, whose graphics units are cards. Those of others mostly are a part
 * of the processor and share the power that it may take.
 */
export const CARD_VENDORS: ReadonlySet<string> = new Set(['nvidia'])

/** Makers of graphics units of phones. A phone without a reported GPU is not recognised. */
export const PHONE_VENDORS: ReadonlySet<string> = new Set([
  ...['arm', 'qualcomm', 'img-tec', 'samsung'],
])
