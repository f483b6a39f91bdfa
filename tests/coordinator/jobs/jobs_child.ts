/** A coordinator with a store, and a node that answers so many pages: arguments are both. */
import { joinScripted, untilReady } from '../fixture.ts'
import { reads, startJobs } from './scene.ts'

const [store = '', most = ''] = Deno.args
let left = Number(most)
const behave = reads()
const coordinator = startJobs({ store })
await joinScripted(
  coordinator,
  'one',
  (batch) => {
    if (batch.message.task === 'open') {
      const said = new TextDecoder().decode(batch.blobs[0])
      const pages = said.split('\n').length
      // From then on it is silent.
      if (left < pages) return undefined
      left -= pages
      console.log(`asked ${said.replaceAll('\n', ',')}`)
    }
    return behave(batch)
  },
  {},
  1,
)
await untilReady(coordinator)
console.log(`url ${coordinator.url}`)
