/**
 * Entry point of a browser tab's node: the link lives here, off the page's main thread.
 *
 * @module
 */
import '../src/stages/without_eval.ts'
import { expose } from 'comlink'
import { builtPaths } from '../src/node/assets.ts'
import { createBrowserHost } from '../src/node/host_browser.ts'
import { createNode } from '../src/node/node.ts'
import { createTab } from '../src/node/tab.ts'

const { origin } = globalThis.location
expose(createTab({
  url: origin,
  createHost: (storage, signals) =>
    createBrowserHost({ base: origin, paths: builtPaths(), storage, signals }),
  createNode,
}))
