/** `deno task start` as it is, but it ends with the process that started it. @module */
import { endWithStarter } from '../../cli/tied.ts'

void endWithStarter()
await import('../../cli/start.ts')
