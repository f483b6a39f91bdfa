/** Whether WebAssembly may share its memory between threads here. */
export const sharesMemory = (): boolean =>
  // An isolated page has it in most browsers, but not in all (WebKit's Linux ports keep it off).
  globalThis.crossOriginIsolated === true && typeof SharedArrayBuffer === 'function'
