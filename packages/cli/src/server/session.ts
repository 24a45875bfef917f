import { CliError } from '../cli-error.ts'
import type { Shell } from '../shell.ts'
import { type Login, readLogins } from './login-store.ts'

const DEFAULT_SERVER = 'http://localhost:4000'

export const HOW_TO_SIGN_IN = [
  'A server prints a one-time link when it starts (npm start). Then: miniapps login URL',
  'Or give the address as --server (MINIAPPS_SERVER) and a token as MINIAPPS_TOKEN.',
]

/** Which server a command talks to, and as whom. */
export interface Session {
  /** Address of the API, without a slash at the end. */
  server: string
  token: string
  /** Where the token came from `login`. */
  login?: Login
}

export interface ServerOptions {
  server?: string
}

/**
 * The server of `--server`, else of MINIAPPS_SERVER, else the one of the last login; the token of MINIAPPS_TOKEN, else
 * the one that was stored for that very server.
 *
 * @throws CliError where there is no token, or the address is none
 */
export async function openSession({ env }: Pick<Shell, 'env'>, options: ServerOptions): Promise<Session> {
  const { current, servers } = await readLogins(env)
  const named = options.server ?? (env['MINIAPPS_SERVER'] || undefined)
  const token = env['MINIAPPS_TOKEN'] || undefined
  const server = named === undefined ? current : serverAddress(named)
  if (token !== undefined) return { server: server ?? DEFAULT_SERVER, token }
  const login = server === undefined ? undefined : servers[server]
  if (server !== undefined && login !== undefined) return { server, token: login.accessToken, login }
  const others = Object.keys(servers)
  const message =
    server === undefined ? 'You are not signed in to a server.' : `You are not signed in to ${server}.`
  throw new CliError('unauthorized', message, {
    next: [...HOW_TO_SIGN_IN, ...(others.length > 0 ? [`You are signed in to: ${others.join(', ')}`] : [])],
  })
}

/** The server that a session would be with, for what needs no token. @throws CliError where the address is none */
export async function namedServer({ env }: Pick<Shell, 'env'>, options: ServerOptions): Promise<string> {
  const named = options.server ?? (env['MINIAPPS_SERVER'] || undefined)
  if (named !== undefined) return serverAddress(named)
  return (await readLogins(env)).current ?? DEFAULT_SERVER
}

/** @throws CliError where `text` is no address of a server */
export function serverAddress(text: string): string {
  const url = URL.parse(text)
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new CliError('usage', `"${text}" is no address of a server.`, {
      next: [`It begins with http:// or https://, for example ${DEFAULT_SERVER}`],
    })
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}
