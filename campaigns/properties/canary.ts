/** Names that nothing but documents of this campaign uses: planting them on a prototype disturbs no library. */
export const CANARY_NAMES = [
  'sku',
  'amount',
  'crate',
  'First Name',
  'odd key',
  'secretMark',
  'paths',
  'timezone',
  'optional',
] as const

/** What a planted getter gives; it must never come out of the engine. */
export const CANARY = 'value of a prototype'

/**
 * Runs `body` while `Object.prototype` has getters and setters of the canary names; the result is how often one of them was
 * reached. `body` must be synchronous: nothing else may run meanwhile.
 */
export function withCanaries(body: () => void): number {
  let reached = 0
  for (const name of CANARY_NAMES) {
    Object.defineProperty(Object.prototype, name, {
      configurable: true,
      get: () => {
        reached++
        return CANARY
      },
      set: () => {
        reached++
      },
    })
  }
  try {
    body()
  } finally {
    for (const name of CANARY_NAMES) Reflect.deleteProperty(Object.prototype, name)
  }
  return reached
}
