import { CliError } from '../cli-error.ts'
import type { Outcome } from '../outcome.ts'
import type { Shell } from '../shell.ts'
import { answeredError } from './graphql.ts'
import { type Login, loginFile, readLogins, writeLogins } from './login-store.ts'
import { post } from './request.ts'
import { serverAddress } from './session.ts'

/** `{address of the API}/login/{subdomain}.{one-time token}`. */
const LINK = /^(https?:\/\/[^?#]+?)\/login\/[a-z0-9-]+\.[A-Za-z0-9_-]+$/

const HOW_TO_GET_A_LINK = 'Copy the whole link that the server prints, http://…/login/….'

/**
 * Trades a one-time link for a token and keeps it for the server that the link leads to.
 *
 * @throws CliError where it is no link, the link was used or has expired, or no server answers
 */
export async function login(link: string, { env }: Shell): Promise<Outcome> {
  const [, address] = LINK.exec(link.trim()) ?? []
  // The link holds a secret: no message repeats it.
  if (address === undefined) {
    throw new CliError('usage', 'That is no sign-in link.', { next: [HOW_TO_GET_A_LINK] })
  }
  const server = serverAddress(address)
  const { body } = await post({ server, url: link.trim() })
  const { accessToken, workspace, error } = body as Partial<Login> & {
    error?: { code: string; message: string; requestId?: string }
  }
  if (error) {
    const { code, message, requestId } = error
    throw answeredError({ message, extensions: { code, ...(requestId !== undefined && { requestId }) } })
  }
  if (typeof accessToken !== 'string' || workspace === undefined) {
    throw new CliError('unreachable', `${server} answers, but not as a MiniApps server: it gave no token.`)
  }
  const { servers } = await readLogins(env)
  const made: Login = { accessToken, workspace, signedInAt: new Date().toISOString() }
  await writeLogins(env, { current: server, servers: { ...servers, [server]: made } })
  const file = loginFile(env)
  return {
    exit: 'ok',
    document: { server, workspace, stored: file },
    text: (paint) =>
      [
        `${paint.good('Signed in')} to ${server}, workspace "${workspace.name}" (${workspace.subdomain}).`,
        `The token is in ${file}, readable by you alone.`,
      ].join('\n'),
  }
}

/**
 * Forgets the stored token of a server. The token itself works on until it is removed there.
 *
 * @throws CliError where none is stored
 */
export async function logout(server: string | undefined, { env }: Shell): Promise<Outcome> {
  const { current, servers } = await readLogins(env)
  const address = server === undefined ? current : serverAddress(server)
  if (address === undefined || servers[address] === undefined) {
    const where = address === undefined ? 'a server' : address
    throw new CliError('unauthorized', `You are not signed in to ${where}; there is nothing to forget.`)
  }
  const { [address]: _forgotten, ...rest } = servers
  const [next] = Object.keys(rest)
  const stays = current !== undefined && current !== address ? current : next
  await writeLogins(env, { ...(stays !== undefined && { current: stays }), servers: rest })
  return {
    exit: 'ok',
    document: { server: address, current: stays ?? null },
    text: () =>
      [
        `Forgot the token of ${address}. It still works for who has it; miniapps admin token remove ends it.`,
        ...(stays === undefined ? [] : [`Commands now mean ${stays}.`]),
      ].join('\n'),
  }
}
