/**
 * `Promise.withResolvers()`, which the oldest browsers that run nodes have not.
 *
 * @module
 */
export function deferred<T>(): PromiseWithResolvers<T> {
  let resolve: PromiseWithResolvers<T>['resolve'] = () => {}
  let reject: PromiseWithResolvers<T>['reject'] = () => {}
  const promise = new Promise<T>((...both) => [resolve, reject] = both)
  return { promise, resolve, reject }
}
