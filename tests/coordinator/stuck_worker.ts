for (;;) {
  // Never ends, as a body that takes for ever to read.
}
