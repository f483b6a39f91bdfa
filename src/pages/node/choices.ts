/**
 * What the volunteer decides: the form, and what is remembered of it.
 *
 * @module
 */
import {
  type BrowserFacts,
  mostProcessors,
  offeredMemory,
  usableProcessors,
} from '../../node/host_browser.ts'
import type { TabChoices } from '../../node/tab.ts'
import { element } from './dom.ts'
import { setUpLimits } from './limits.ts'

const KEY = 'shoal.choices'

const fields = () => ({
  name: element('name', HTMLInputElement),
  threads: element('threads', HTMLSelectElement),
  perRun: element('per-run', HTMLSelectElement),
  duty: element('duty', HTMLInputElement),
  backend: element('backend', HTMLSelectElement),
  gpu: element('gpu', HTMLInputElement),
})

/**
 * Fills the form with what is remembered, or with what suits this browser.
 *
 * @param proposed a name, for who has not chosen one yet
 */
export function setUpChoices(
  facts: BrowserFacts,
  kept: Partial<TabChoices> = recall(),
  proposed = '',
): { read(): TabChoices } {
  const form = fields()
  const most = mostProcessors(facts)
  for (let n = 1; n <= most; n++) form.threads.add(new Option(String(n), String(n)))
  form.name.value = kept.name || proposed.slice(0, form.name.maxLength) || newName()
  const wanted = kept.threads ?? usableProcessors(facts)
  form.threads.value = String(Math.min(most, Math.max(1, wanted)))
  form.perRun.value = kept.threadsPerRun === undefined ? 'auto' : String(kept.threadsPerRun)
  form.duty.value = String(Math.round(100 * (kept.duty ?? 1)))
  form.gpu.checked = facts.webgpu && kept.gpu !== false
  form.gpu.disabled = !facts.webgpu
  element('gpu-note').textContent = facts.webgpu ? 'where it proves faster' : 'not offered here'
  const limits = setUpLimits(kept, offeredMemory())
  // On a phone the button is near; elsewhere there is room for all.
  element('more-limits', HTMLDetailsElement).open = matchMedia('(min-width: 30rem)').matches
  const backend = [...form.backend.options].find(({ value }) => value === kept.backend)
  form.backend.value = backend?.value ?? 'auto'

  const show = () => {
    // More threads than processors only get in each other's way.
    const single = form.threads.value === '1'
    form.perRun.disabled = !facts.threads || single
    element('per-run-note').textContent = !facts.threads
      ? 'one, since this page has no shared memory'
      : single
      ? 'a choice with two processors or more'
      : 'two answer one picture sooner'
    if (form.perRun.disabled || form.perRun.value === '') form.perRun.value = 'auto'
    element('duty-out').textContent = `${form.duty.value} %`
    const webgpu = form.backend.querySelector<HTMLOptionElement>('option[value=webgpu]')
    if (webgpu !== null) webgpu.disabled = !form.gpu.checked
    if (!form.gpu.checked && form.backend.value === 'webgpu') form.backend.value = 'auto'
  }
  const read = (): TabChoices => ({
    name: form.name.value.trim(),
    backend: form.backend.value as TabChoices['backend'],
    // Where there is none to choose the volunteer said nothing of it.
    gpu: facts.webgpu ? form.gpu.checked : kept.gpu !== false,
    threads: Number(form.threads.value),
    ...(form.perRun.value === 'auto' ? {} : { threadsPerRun: Number(form.perRun.value) }),
    duty: Number(form.duty.value) / 100,
    ...limits.read(),
  })
  for (const field of [...Object.values(form), ...Object.values(limits.fields)]) {
    field.addEventListener('input', show)
    field.addEventListener('change', () => {
      if (form.name.value.trim() === '') form.name.value = newName()
      show()
      remember(read())
    })
  }
  show()
  return { read }
}

const newName = () => `tab-${Math.random().toString(16).slice(2, 6)}`

export function remember(choices: TabChoices): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(choices))
  } catch {
    // Storage is off: asked anew next time.
  }
}

function recall(): Partial<TabChoices> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    return typeof kept === 'object' && kept !== null ? kept : {}
  } catch {
    return {}
  }
}
