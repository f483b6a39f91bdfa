/**
 * What the first release lost and how accurate it was on the rows of the gates, in percent: five seeds,
 * ten where a slot holds one variant.
 *
 * @module
 */
export const BEFORE: { readonly [row: string]: { lost: number; accuracy: number } } = {}
