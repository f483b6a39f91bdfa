/**
 * References within a schema: `#`, and `#/$defs/NAME`.
 *
 * @module
 */

/** @returns undefined where it leads to nothing */
export function follow(root: unknown, reference: string): unknown {
  if (reference === '#') return root
  if (!reference.startsWith('#/')) return undefined
  let at = root
  for (const step of reference.slice(2).split('/')) {
    const name = nameOf(step)
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = (at as { [name: string]: unknown })[name]
  }
  return at
}

function nameOf(step: string): string {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return step
  }
}
