export { createNext as createScheduler, type LearningScheduler } from './next/scheduler.ts'
