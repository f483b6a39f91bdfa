/**
 * The limits of the form: when to pause, how much memory and disk, what to download.
 *
 * @module
 */
import { minuteOf, timeOf } from '../../node/limits/hours.ts'
import type { TabChoices } from '../../node/tab.ts'
import { element } from './dom.ts'

export type LimitChoices = Pick<
  TabChoices,
  | 'pauseOnBattery'
  | 'pauseWhenHidden'
  | 'pauseUnderPressure'
  | 'memoryBytes'
  | 'diskBytes'
  | 'allModels'
  | 'code'
  | 'cold'
  | 'watts'
  | 'hours'
>

/** In megabytes; a slot with all of the project's `ocr` takes a little over 500. */
const MEMORY_MB = [500, 750, 1000, 1500, 2000, 4000]
/** What is offered to begin with. */
const NIGHT = { fromMinute: 20 * 60, untilMinute: 8 * 60 }
/** The protocol takes no more. */
const MOST_WATTS = 1000
const DISK_MB = [25, 50, 100, 250, 1000]

/** Fills the fields with what is remembered, or with what suits this device. */
export function setUpLimits(kept: Partial<LimitChoices>, offeredBytes: number | undefined) {
  const fields = {
    battery: element('battery', HTMLInputElement),
    hidden: element('when-hidden', HTMLInputElement),
    pressure: element('pressure', HTMLInputElement),
    allModels: element('all-models', HTMLInputElement),
    code: element('code', HTMLInputElement),
    cold: element('cold', HTMLInputElement),
    idle: element('watts-idle', HTMLInputElement),
    busy: element('watts-busy', HTMLInputElement),
    memory: element('memory', HTMLSelectElement),
    disk: element('disk', HTMLSelectElement),
    hours: element('hours', HTMLInputElement),
    from: element('hours-from', HTMLInputElement),
    until: element('hours-until', HTMLInputElement),
  }
  fields.battery.checked = kept.pauseOnBattery !== false
  fields.hidden.checked = kept.pauseWhenHidden === true
  fields.pressure.checked = kept.pauseUnderPressure !== false
  fields.allModels.checked = kept.allModels === true
  fields.code.checked = kept.code === true
  fields.cold.checked = kept.cold === true
  fields.idle.value = String(kept.watts?.idle ?? '')
  fields.busy.value = String(kept.watts?.busy ?? '')
  const hours = { kept: false, ...NIGHT, ...kept.hours }
  fields.hours.checked = hours.kept
  fields.from.value = timeOf(hours.fromMinute)
  fields.until.value = timeOf(hours.untilMinute)
  const checkWatts = () => {
    const { idle, busy } = fields
    const isFine = idle.value + busy.value === '' ||
      wattsOf(idle.value, busy.value).watts !== undefined
    busy.setCustomValidity(isFine ? '' : `Both, up to ${MOST_WATTS}, at rest no more than busy.`)
  }
  for (const field of [fields.idle, fields.busy]) {
    field.addEventListener('input', checkWatts)
    field.addEventListener('invalid', () => {
      element('more-limits', HTMLDetailsElement).open = true
    })
  }
  // An hour that was taken away is the one that is offered, and is seen to be.
  fields.from.addEventListener('blur', () => fields.from.value ||= timeOf(NIGHT.fromMinute))
  fields.until.addEventListener('blur', () => fields.until.value ||= timeOf(NIGHT.untilMinute))
  // What a browser does not tell is taken for a device of 4 GB.
  const offeredMb = (offeredBytes ?? 1e9) / 1e6
  fill(fields.memory, MEMORY_MB, kept.memoryBytes, offeredMb)
  fill(fields.disk, DISK_MB, kept.diskBytes, 250)
  const bytesOf = ({ value }: HTMLSelectElement) => Number(value) * 1e6
  return {
    fields,
    read: (): LimitChoices => ({
      pauseOnBattery: fields.battery.checked,
      pauseWhenHidden: fields.hidden.checked,
      pauseUnderPressure: fields.pressure.checked,
      memoryBytes: bytesOf(fields.memory),
      diskBytes: bytesOf(fields.disk),
      allModels: fields.allModels.checked,
      code: fields.code.checked,
      cold: fields.cold.checked,
      ...wattsOf(fields.idle.value, fields.busy.value),
      hours: {
        kept: fields.hours.checked,
        fromMinute: minuteOf(fields.from.value) ?? NIGHT.fromMinute,
        untilMinute: minuteOf(fields.until.value) ?? NIGHT.untilMinute,
      },
    }),
  }
}

/** Both, as two numbers that may be, or nothing. */
export function wattsOf(idleText: string, busyText: string): Pick<TabChoices, 'watts'> {
  const [idle, busy] = [idleText, busyText].map((text) => text.trim() === '' ? NaN : Number(text))
  const isSaid = idle! >= 0 && busy! >= idle! && busy! <= MOST_WATTS
  return isSaid ? { watts: { idle: idle!, busy: busy! } } : {}
}

/** The largest that is not over what was kept or suits; the smallest where all are. */
function fill(
  select: HTMLSelectElement,
  sizesMb: readonly number[],
  keptBytes: number | undefined,
  suitsMb: number,
): void {
  const mostMb = typeof keptBytes === 'number' ? keptBytes / 1e6 : suitsMb
  for (const mb of sizesMb) {
    select.add(new Option(mb < 1000 ? `${mb} MB` : `${mb / 1000} GB`, String(mb)))
  }
  select.value = String(sizesMb.findLast((mb) => mb <= mostMb) ?? sizesMb[0])
}
