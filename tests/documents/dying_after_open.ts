/** A worker for documents that opens one and dies of the first part. */
import { expose } from 'comlink'

expose({
  open: () => ({ ok: true, type: 'application/pdf', pages: 3 }),
  part() {
    setTimeout(() => {
      throw new RangeError('Out of memory')
    }, 0)
    return new Promise(() => {})
  },
})
