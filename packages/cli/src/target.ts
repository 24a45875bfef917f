import { resolve } from 'node:path'
import { CliError } from './cli-error.ts'
import { findSource } from './definition/read-source.ts'

/** What an argument names: a definition on this machine, or an app on the server. */
export type Target = { kind: 'here' } | { kind: 'there'; ns: string }

const NS = /^[a-z0-9]+(?:-[a-z0-9]+)*$/

/** A file or folder wins over an ns of the same name; a folder without a definition does not. */
export async function readTarget(argument: string, directory: string): Promise<Target> {
  const isNs = NS.test(argument)
  try {
    const found = await findSource(argument, directory)
    if (found !== undefined || !isNs) return { kind: 'here' }
  } catch (error) {
    if (!isNs) throw error
  }
  return { kind: 'there', ns: argument }
}

/**
 * Lends the ns to `body`; an error that nobody is signed in also tells why the argument was taken for an ns.
 *
 * @throws CliError
 */
export async function there<T>(argument: string, directory: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body()
  } catch (error) {
    if (!(error instanceof CliError) || error.exit !== 'unauthorized' || error.code !== undefined) throw error
    throw new CliError(error.exit, error.message, {
      next: [
        `"${argument}" was taken for an app on a server: there is no definition at ${resolve(directory, argument)}.`,
        ...error.next,
      ],
      cause: error,
    })
  }
}

/** @throws CliError where an option was given that means requests from this machine */
export function refuseLocalOptions(argument: string, options: object): void {
  const names = { credential: '--credential', origin: '--origin', allowPrivate: '--allow-private' }
  const given = Object.entries(names).find(([key]) => key in options)
  if (!given) return
  throw new CliError(
    'usage',
    `${given[1]} is for definitions on this machine; "${argument}" is an app on a server.`,
    {
      next: ['Its account is connected there: miniapps admin app connect NS --credential key=value'],
    },
  )
}
