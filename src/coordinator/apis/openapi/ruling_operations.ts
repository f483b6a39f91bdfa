/**
 * Calls that pin, forbid and allow variants, and the call that says whether its caller is an admin.
 *
 * @module
 */
import { json, type Operation, path } from './operation.ts'

const RULINGS = [
  {
    action: 'pin',
    summary: 'Has a variant alone serve its task',
    description: 'Until `allow`, as long as this coordinator runs; instead of a variant pinned ' +
      'before. The others are let go of as soon as it is warm. `conflict` where no node here is ' +
      'able to hold it.',
  },
  {
    action: 'forbid',
    summary: 'Has a variant serve nothing',
    description: 'Until `allow`, as long as this coordinator runs. It is let go of as soon as ' +
      'another variant of its task is warm. `conflict` where the task would be left with nothing.',
  },
  {
    action: 'allow',
    summary: 'Takes back a pin or a ban',
    description: 'The plan chooses by itself again.',
  },
]

export const RULING_OPERATIONS: Operation[] = [
  ...RULINGS.map(({ action, summary, description }): Operation => ({
    method: 'post',
    path: `/v1/pipelines/{name}/variants/{task}/{variant}/${action}`,
    ...{ tag: 'administration', summary, description },
    parameters: [
      path('name', 'As in `/v1/pipelines`.'),
      path('task', 'One of its tasks.'),
      path('variant', 'A variant of that.'),
    ],
    ...{ answer: 'All rulings in force.', content: json('Rulings') },
    errors: ['forbidden', 'unknown_pipeline', 'not_found', 'conflict'],
  })),
  {
    ...{ method: 'get', path: '/v1/admin', tag: 'administration' },
    ...{ summary: 'Whether who asks may make these calls', goesByKey: true },
    ...{ answer: 'Whether.', content: json('Admin') },
  },
]
