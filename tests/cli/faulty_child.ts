/** Errors that nobody catches, in a process that shall live on: `faulty_child.ts` says what it saw. */
import { surviveFaults } from '../../src/cli/serve/last_resort.ts'

surviveFaults((line, level, fields) => {
  console.log(JSON.stringify({ line: line.split('\n')[0], level, ...fields }))
})
setTimeout(() => {
  throw new Error('thrown by a timer')
})
void Promise.reject(new TypeError('rejected'))
void Promise.reject('no error at all')
Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: ({ port }) => console.log(port) }, () => {
  queueMicrotask(() => {
    throw new Error('beside an answer')
  })
  return new Response('answered')
})
