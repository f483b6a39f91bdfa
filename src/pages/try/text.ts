/**
 * The text that a pipeline is asked about, and samples of it.
 *
 * @module
 */
import { make } from '../make.ts'
import { element } from '../node/dom.ts'

/** @param samples texts that can be fetched, by name */
export function setUpText(
  samples: Readonly<Record<string, () => Promise<Blob>>>,
  changed: () => void,
  failed: (error: unknown) => void,
): { read(): string; show(is: boolean): void } {
  const field = element('text', HTMLTextAreaElement)
  field.addEventListener('input', changed)
  for (const [name, fetchIt] of Object.entries(samples)) {
    const button = make('button', { type: 'button', class: 'quiet' }, name)
    button.addEventListener('click', async () => {
      try {
        field.value = await (await fetchIt()).text()
        changed()
      } catch (error) {
        failed(error)
      }
    })
    element('text-samples').append(button)
    element('text-sample-part').hidden = false
  }
  return {
    read: () => field.value,
    show(is) {
      element('text-part').hidden = !is
      element('drop').hidden = is
    },
  }
}
