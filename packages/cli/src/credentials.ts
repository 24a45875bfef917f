import { CliError } from './cli-error.ts'
import { readPairs } from './key-value.ts'

const PREFIX = 'MINIAPPS_CREDENTIAL_'

/**
 * Credentials of an app, from `MINIAPPS_CREDENTIAL_<KEY>` and, winning over it, `--credential key=value`.
 *
 * @param names what the app knows
 * @throws CliError for a `--credential` that the app does not know
 */
export function givenCredentials(
  pairs: readonly string[],
  names: Iterable<string>,
  { env, ns }: { env: NodeJS.ProcessEnv; ns: string },
): Record<string, string> {
  const known = [...names]
  const given = readPairs(pairs, { option: '--credential', example: `${known[0] ?? 'accessToken'}=…` })
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown !== undefined) {
    const list = known.length > 0 ? `Its credentials are: ${known.join(', ')}.` : 'It has none.'
    throw new CliError('usage', `"${ns}" has no credential "${unknown}". ${list}`)
  }
  return { ...fromEnvironment(env, known), ...given }
}

/** `accessToken` → `MINIAPPS_CREDENTIAL_ACCESS_TOKEN`. */
export function credentialVariable(name: string): string {
  return (
    PREFIX +
    name
      .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
      .replace(/[^A-Za-z0-9]+/g, '_')
      .toUpperCase()
  )
}

/** Case and underscores do not count: `MINIAPPS_CREDENTIAL_ACCESSTOKEN` is meant just as well. */
function fromEnvironment(env: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  const variables = new Map(
    Object.entries(env)
      .filter(([name, value]) => name.startsWith(PREFIX) && value !== undefined && value !== '')
      .map(([name, value]) => [plain(name.slice(PREFIX.length)), String(value)]),
  )
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = variables.get(plain(name))
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function plain(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, '').toUpperCase()
}
