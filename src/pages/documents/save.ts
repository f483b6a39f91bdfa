/**
 * Downloads where the coordinator asks for a key: it goes into a header, which a link does not send.
 *
 * @module
 */
import { key } from '../key.ts'
import { make } from '../make.ts'

/** Without a key links are links, whose files go to disk as they come. */
export function saveWithKey(within: HTMLElement, failed: (message: string) => void): void {
  within.addEventListener('click', (event) => {
    const link = event.target instanceof Element
      ? event.target.closest<HTMLAnchorElement>('a[download]')
      : null
    const held = key()
    if (link === null || held === undefined) return
    event.preventDefault()
    void save(link.href, link.download, held).catch((error: Error) => failed(error.message))
  })
}

async function save(href: string, name: string, held: string): Promise<void> {
  const response = await fetch(href, { headers: { authorization: `Bearer ${held}` } })
    .catch(() => undefined)
  if (response === undefined) throw new Error('Cannot download: the coordinator does not answer.')
  if (!response.ok) {
    const { error = `received status ${response.status}` } = await response.json().catch(() => ({}))
    throw new Error(`Cannot download ${name}: ${error}`)
  }
  const url = URL.createObjectURL(await response.blob())
  make('a', { href: url, download: name }).click()
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
