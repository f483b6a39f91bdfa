/**
 * Demand that is made, not recorded: two shapes that hurt in opposite ways. No lots are drawn, so
 * that they are the same everywhere.
 *
 * @module
 */

/** Flat, with sudden steps up and down; queries per second, by the second. */
const LEVELS = [60, 60, 240, 240, 120, 420, 420, 90, 90, 330, 150, 450]
const LEVEL_S = 10

/** A slow wave between 80 and 240 queries/s, and spikes of one second to three times as much. */
const WAVE_S = 120
const WAVE_MEAN = 160
const WAVE_SWING = 80
/** Not evenly spaced: no rule should be able to lean on a period. */
const SPIKES_AT_S = [7, 19, 26, 41, 47, 62, 70, 83, 97, 101, 112]
const SPIKE = 3

export const MADE_TRACES: { readonly [name: string]: () => number[] } = {
  steps: () => LEVELS.flatMap((rate) => Array.from({ length: LEVEL_S }, () => rate)),
  spikes: () =>
    Array.from({ length: WAVE_S }, (_, second) => {
      const wave = WAVE_MEAN - WAVE_SWING * Math.cos(2 * Math.PI * second / WAVE_S)
      return Math.round(wave * (SPIKES_AT_S.includes(second) ? SPIKE : 1))
    }),
}
