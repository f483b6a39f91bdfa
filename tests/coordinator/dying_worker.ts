self.onmessage = () => {
  throw new Error('Cannot go on')
}
