/**
 * The join page as an element of pages of other origins, which the operator of the coordinator
 * names: pages of other origins can neither load its script nor show it in a frame.
 *
 * @module
 */

/** The join page, for a frame. */
export const EMBED_PAGE = '/node/embed'
/** The script that defines an element with the join page in a frame. */
export const EMBED_SCRIPT = '/embed.js'

/**
 * Headers that let pages of these origins use the two files; none for other files.
 *
 * @param origin origin of the page that sends the request
 */
export function embedHeaders(
  path: string,
  origin: string | undefined,
  embedders: readonly string[],
): Record<string, string> {
  if (embedders.length === 0) return {}
  // Isolated pages show only frames with this header; `frame-ancestors` names the pages that may.
  if (path === EMBED_PAGE) return { 'cross-origin-resource-policy': 'cross-origin' }
  if (path !== EMBED_SCRIPT) return {}
  const isKnown = origin !== undefined && embedders.includes(origin)
  return { vary: 'origin', ...(isKnown ? { 'access-control-allow-origin': origin } : {}) }
}
