import { CliError } from '../cli-error.ts'
import type { ExitName } from '../exit-code.ts'
import { post } from './request.ts'
import type { Session } from './session.ts'

export interface AnsweredError {
  message: string
  extensions?: { code?: string; requestId?: string; details?: Record<string, unknown>; retryable?: boolean }
}

/** A page of a list, as operations answer it that take `first` and `after`. */
export interface Page<Item> {
  data: readonly Item[]
  pagination: { hasNextPage: boolean; endCursor: string | null }
}

/** By code of the API (specification 10.3); all others mean that the server refused or failed the operation. */
const EXITS: Readonly<Record<string, { exit: ExitName; next: readonly string[] }>> = {
  UNAUTHENTICATED: { exit: 'unauthorized', next: [] },
  FORBIDDEN: { exit: 'unauthorized', next: [] },
  GRAPHQL_VALIDATION_FAILED: {
    exit: 'refused',
    next: ['The server is of another version than this command line.'],
  },
}

/**
 * Runs one GraphQL operation.
 *
 * @returns its `data`
 * @throws CliError with the server's code, message, request id and details; `unreachable` where no server answers
 */
export async function graphql<T>(
  { server, token }: Session,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<T> {
  const { body } = await post({
    server,
    url: `${server}/graphql`,
    headers: { 'x-app-token': token },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = body as { data?: T; errors?: AnsweredError[] }
  const [error] = errors ?? []
  if (error !== undefined) throw answeredError(error)
  if (data === undefined || data === null) {
    throw new CliError('unreachable', `${server} answers, but not as a MiniApps server: there is no data.`)
  }
  return data
}

export function answeredError({ message, extensions = {} }: AnsweredError): CliError {
  const { code = 'INTERNAL_SERVER_ERROR', requestId, details, retryable } = extensions
  const { exit, next } = EXITS[code] ?? { exit: 'refused', next: [] }
  return new CliError(exit, message, {
    code,
    next: [
      ...commandsNamedIn(message),
      ...next,
      ...(retryable ? ['Trying again in a moment may help.'] : []),
    ],
    ...(requestId !== undefined && { requestId }),
    ...(details && { details }),
  })
}

/** The server speaks of operations of its API; here they are commands. */
const COMMANDS: Readonly<Record<string, string>> = {
  appsAdd: 'miniapps admin token add',
  appsRemove: 'miniapps admin token remove ID',
  installMiniApp: 'miniapps admin app install NS',
  listMiniAppsGeneralInfo: 'miniapps admin app list',
  registerMiniApp: 'miniapps admin app register FILE',
  saveMiniAppCredentials: 'miniapps admin app connect NS --credential KEY=…',
  workspaceOwnerLink: 'miniapps admin workspace link ID',
}

function commandsNamedIn(message: string): string[] {
  const words = new Set(message.match(/[A-Za-z]+/g))
  return Object.entries(COMMANDS).flatMap(([operation, command]) =>
    words.has(operation) ? [`As a command, ${operation} is: ${command}`] : [],
  )
}
