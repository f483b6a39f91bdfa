/** A coordinator with a store, and a document among others that ends it: the argument is the store. */
import { startJobs } from './scene.ts'

const createDocuments = () =>
  new Worker(new URL('./killing_worker.ts', import.meta.url), { type: 'module' })
const coordinator = startJobs({ store: Deno.args[0]!, jobs: { createDocuments } })
console.log(`url ${coordinator.url}`)
