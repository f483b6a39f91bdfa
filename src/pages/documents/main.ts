/**
 * The page of documents: files are handed in, read by the pool, and what came of them is taken away.
 *
 * @module
 */
import { createClient } from '../../client/mod.ts'
import { key, withKey } from '../key.ts'
import { element, scriptRuns } from '../node/dom.ts'
import { setUpAsk } from './ask.ts'
import { setUpJobs } from './jobs.ts'
import { takeLost } from './kept.ts'
import { setUpPile } from './pile.ts'
import { saveWithKey } from './save.ts'
import { listed, say } from './say.ts'
import { learnPipeline } from './served.ts'
import { tellWhere } from './where.ts'

scriptRuns()
const client = createClient(location.origin, { key })
const lost = takeLost()
if (lost.length > 0) {
  const are = lost.length === 1 ? 'was' : 'were'
  say(
    'lost',
    `${listed(lost)} ${are} still being sent when this page was closed, and ${are} not taken in. ` +
      'Choose them again.',
  )
}
const pile = setUpPile()
const jobs = setUpJobs(client, withKey)
saveWithKey(element('work'), (message) => say('news', message))
setUpAsk(pile, jobs, await learnPipeline(client))
void tellWhere(client)
