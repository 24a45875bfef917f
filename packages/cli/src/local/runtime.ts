import type { LocalEffects } from './effects.ts'

/** What requests on this machine run with. */
export interface LocalRuntime {
  effects: LocalEffects
  /** `http:` is accepted in URLs that a stored value chose. */
  allowHttp: boolean
}

/** Options of every command that sends requests from this machine. */
export interface LocalOptions {
  credential?: readonly string[]
  origin?: readonly string[]
  allowPrivate?: boolean
}

/**
 * Opens what requests need, lends it to `body`, and closes it.
 *
 * @throws CliError for an `--origin` that is none
 */
export async function withRuntime<T>(
  { origin = [], allowPrivate = false }: LocalOptions,
  body: (runtime: LocalRuntime) => Promise<T>,
): Promise<T> {
  const [{ createLocalEffects }, { readStandIns }] = await Promise.all([
    import('./effects.ts'),
    import('./stand-in.ts'),
  ])
  const effects = createLocalEffects({ allowPrivate, standIns: readStandIns(origin) })
  try {
    return await body({ effects, allowHttp: allowPrivate })
  } finally {
    await effects.close()
  }
}
