import { type Command, Option } from 'commander'
import { CliError } from '../cli-error.ts'
import { collect } from '../key-value.ts'
import type { Outcome } from '../outcome.ts'
import { graphql } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

interface Options extends ServerOptions {
  name: string
  permission?: readonly string[]
  all?: boolean
  expires: string
}

const HELP = `
A token may do what it is given and no more, and can only be given what yours may do. It is shown once.

Examples:
  $ miniapps admin token add --name reports --permission showMiniAppsConnections --permission executeMiniApps
  $ miniapps admin token add --name deploy --all --expires never`

const MUTATION = `mutation ($name: String, $permissions: [String!], $all: Boolean, $expires: Date, $never: Boolean) {
  appsAdd(name: $name, permissions: $permissions, allowAllPermission: $all, expireDate: $expires, noExpire: $never) {
    _id accessToken
  }
}`

export function adminTokenAddCommand(parent: Command, shell: Shell): void {
  parent
    .command('add')
    .summary('make an app token')
    .description('Makes an app token and shows it, once.')
    .requiredOption('--name <name>', 'what it is for')
    .addOption(
      new Option('-p, --permission <name>', 'something it may do; may be repeated').argParser(collect),
    )
    .option('--all', 'everything in the workspace, also what comes later')
    .option('--expires <when>', 'after 30d, 12h or 15m, at a date (2030-01-31), or never', '30d')
    .addHelpText('after', HELP)
    .action(async (_options: Options, self: Command) => {
      shell.finish(await addToken(self.optsWithGlobals<Options>(), shell))
    })
}

async function addToken(options: Options, shell: Shell): Promise<Outcome> {
  const { name, permission = [], all = false } = options
  if (!all && permission.length === 0) {
    throw new CliError('usage', 'The token would be allowed nothing.', {
      next: ['Name what it may do with --permission, or give it everything in the workspace with --all.'],
    })
  }
  const expires = readExpiry(options.expires, Date.now())
  const session = await openSession(shell, options)
  const { appsAdd: made } = await graphql<{ appsAdd: { _id: string; accessToken: string } }>(
    session,
    MUTATION,
    {
      name,
      permissions: permission,
      all,
      expires: expires?.toISOString() ?? null,
      never: expires === undefined,
    },
  )
  return {
    exit: 'ok',
    document: { ...made, name, expireDate: expires?.toISOString() ?? null },
    text: (paint) =>
      [
        `${paint.good('Made')} the token "${name}" (${made._id}). It cannot be shown again:`,
        '',
        made.accessToken,
      ].join('\n'),
  }
}

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * @param now milliseconds since the epoch
 * @returns `undefined` for never
 * @throws CliError where `text` is no time
 */
export function readExpiry(text: string, now: number): Date | undefined {
  if (text === 'never') return undefined
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  const date = count === undefined ? readDate(text) : new Date(now + Number(count) * (UNITS_MS[unit] ?? 0))
  if (Number.isNaN(date.getTime())) {
    throw new CliError('usage', `--expires cannot be "${text}".`, {
      next: ['It is a span such as 30d, 12h or 15m, a date such as 2030-01-31, or never.'],
    })
  }
  return date
}

/** Only ISO 8601: what else `Date` reads depends on the machine. */
function readDate(text: string): Date {
  return new Date(/^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/.test(text) ? text : Number.NaN)
}
