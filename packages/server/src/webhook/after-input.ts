let turn: Promise<void> | undefined

/**
 * Resolves once the input of this turn of the event loop has been taken in. Those who wait in one turn then go on one after
 * the other: the processor still has at hand what the one before needed, and fetches it once for all of them instead of again
 * after the reading of each request. Of what checking a delivery costs among many others, a quarter.
 */
export function afterInput(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined
      resolve()
    })
  })
  return turn
}
