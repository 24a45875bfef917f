import type { Outcome } from '../outcome.ts'
import type { Shell } from '../shell.ts'
import { graphql } from './graphql.ts'
import { openSession, type ServerOptions } from './session.ts'

const QUERY = `{
  currentUser { _id username email isOwner permissionActions workspaces { _id name subdomain } }
}`

interface CurrentUser {
  _id: string
  username: string | null
  email: string | null
  isOwner: boolean | null
  permissionActions: Record<string, boolean> | null
  workspaces: { _id: string; name: string; subdomain: string }[] | null
}

/** @throws CliError where nobody is signed in, or the server does not accept the token */
export async function whoami(options: ServerOptions, shell: Shell): Promise<Outcome> {
  const session = await openSession(shell, options)
  const { currentUser } = await graphql<{ currentUser: CurrentUser }>(session, QUERY)
  const { _id, username, email, isOwner, permissionActions, workspaces } = currentUser
  const permissions = Object.keys(permissionActions ?? {}).sort()
  const workspace = workspaces?.[0] ?? null
  return {
    exit: 'ok',
    document: {
      server: session.server,
      user: { _id, username, email, isOwner: isOwner ?? false },
      workspace,
      permissions,
    },
    text: (paint) =>
      [
        `${paint.strong(username ?? _id)}${isOwner ? ', owner' : ''}${email ? `, ${email}` : ''}`,
        `server       ${session.server}`,
        `workspace    ${workspace ? `${workspace.name} (${workspace.subdomain})` : '–'}`,
        `permissions  ${permissions.join(', ') || 'none'}`,
      ].join('\n'),
  }
}
