/** @module */
export * from './bounds.ts'
export * from './error.ts'
export * from './frame.ts'
export * from './messages.ts'
export * from './read.ts'
