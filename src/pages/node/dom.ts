/** @module What the scripts of a page share. */

/** As `45 s`, `12 min`, `3.4 h`. */
export function duration(ms: number): string {
  if (ms < 90_000) return `${Math.round(ms / 1000)} s`
  return ms < 5_400_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`
}

/** The element of an id that the page is known to have. @throws TypeError where it has not */
export function element<T extends HTMLElement = HTMLElement>(
  id: string,
  type: { new (): T } = HTMLElement as { new (): T },
): T {
  const found = document.getElementById(id)
  if (!(found instanceof type)) throw new TypeError(`Cannot find #${id} on this page`)
  return found
}

/** The page's script runs: what is shown where it does not is taken away. */
export const scriptRuns = () => element('not-loaded').remove()

/** Changes the text only where it differs, so that nothing is selected or read out again. */
export function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text
}
