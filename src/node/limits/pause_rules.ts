/**
 * When a node takes no new work: because its volunteer said so, or because of what its device says.
 *
 * @module
 */
import type { Clock } from '../clock.ts'
import { createGate, type Gate, type Zone } from './gate.ts'
import { type Hours, zoneOf } from './hours.ts'
import type { PageSignal, Pressure } from './signals.ts'

/** In the order of which is told where several hold. */
export const PAUSE_REASONS = ['volunteer', 'hours', 'battery', 'hidden', 'pressure'] as const
export type PauseReason = typeof PAUSE_REASONS[number]

export interface PauseChoices {
  /** Off, it pauses only when the battery is low. */
  onBattery: boolean
  whenHidden: boolean
  underPressure: boolean
  /** Absent: at any time of the day. */
  hours?: Hours | undefined
}

export interface PauseRules {
  setByVolunteer(paused: boolean): void
  signal(signal: PageSignal): void
  readonly reason: PauseReason | undefined
  stop(): void
}

/** A battery is low below the one, and not low any more above the other; shares of full. */
const LOW = 0.2
const ENOUGH = 0.3
/** A plug that makes bad contact must not start the node again each time. */
const CHARGING_MS = 10_000
/** A look at another tab is no leave. */
const HIDDEN_MS = 5000
const SEEN_MS = 1000
const PRESSURE_MS: { readonly [state in Pressure]: number } = {
  critical: 30_000,
  serious: 60_000,
  fair: 0,
  nominal: 10_000,
}
/**
 * Pressure that ends as soon as the node pauses was the node's own, which the volunteer allows by
 * the number of processors: it takes twice as long to count the next time, up to so many times.
 */
const MOST_PATIENCE = 16
const SOON_MS = 2 * PRESSURE_MS.nominal

export function createPauseRules(
  clock: Clock,
  choices: PauseChoices,
  changed: (reason: PauseReason | undefined) => void,
): PauseRules {
  let byVolunteer = false
  let told: PauseReason | undefined
  let patience = 1
  let pressedMs = 0

  const gate = (on: (closed: boolean) => void = () => {}): Gate =>
    createGate(clock, (closed) => {
      on(closed)
      tell()
    })
  const gates = {
    hours: gate(),
    battery: gate(),
    hidden: gate(),
    pressure: gate((closed) => {
      if (closed) pressedMs = clock.nowMs()
      else if (clock.nowMs() - pressedMs > SOON_MS) patience = 1
      else patience = Math.min(2 * patience, MOST_PATIENCE)
    }),
  }

  const reasonNow = () =>
    PAUSE_REASONS.find((reason) => reason === 'volunteer' ? byVolunteer : gates[reason].closed)

  function tell(): void {
    const reason = reasonNow()
    if (reason === told) return
    told = reason
    changed(reason)
  }

  function batteryZone(charging: boolean, level: number): Zone {
    if (charging) return 'good'
    if (choices.onBattery || level < LOW) return 'bad'
    return level > ENOUGH ? 'good' : 'between'
  }

  function feedPressure(state: Pressure): void {
    const zone = state === 'nominal' ? 'good' : state === 'fair' ? 'between' : 'bad'
    gates.pressure.feed(zone, PRESSURE_MS[state] * (zone === 'bad' ? patience : 1))
  }

  return {
    setByVolunteer(paused) {
      byVolunteer = paused
      tell()
    },
    signal(signal) {
      if (signal.type === 'battery') {
        const zone = batteryZone(signal.charging, signal.level ?? 1)
        gates.battery.feed(zone, zone === 'good' ? CHARGING_MS : 0)
      }
      if (signal.type === 'time' && choices.hours !== undefined) {
        gates.hours.feed(zoneOf(choices.hours, signal.minute), 0)
      }
      if (signal.type === 'hidden' && choices.whenHidden) {
        const { hidden } = signal
        gates.hidden.feed(hidden ? 'bad' : 'good', hidden ? HIDDEN_MS : SEEN_MS)
      }
      if (signal.type === 'pressure' && choices.underPressure) feedPressure(signal.state)
    },
    get reason() {
      return reasonNow()
    },
    stop() {
      for (const one of Object.values(gates)) one.stop()
    },
  }
}
