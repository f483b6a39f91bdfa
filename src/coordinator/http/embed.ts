/**
 * The join page as an element of pages of other origins, which whoever runs the coordinator names: all
 * others can neither load its script nor show it in a frame.
 *
 * @module
 */

/** The join page, for a frame. */
export const EMBED_PAGE = '/node/embed'
/** Defines the element that has it in a frame. */
export const EMBED_SCRIPT = '/embed.js'

/**
 * What lets pages of these origins have the two files; nothing for any other file.
 *
 * @param origin of the page that asks
 */
export function embedHeaders(
  path: string,
  origin: string | undefined,
  embedders: readonly string[],
): Record<string, string> {
  if (embedders.length === 0) return {}
  // An isolated page shows only what says so; who may show it at all is said by `frame-ancestors`.
  if (path === EMBED_PAGE) return { 'cross-origin-resource-policy': 'cross-origin' }
  if (path !== EMBED_SCRIPT) return {}
  const isKnown = origin !== undefined && embedders.includes(origin)
  return { vary: 'origin', ...(isKnown ? { 'access-control-allow-origin': origin } : {}) }
}
