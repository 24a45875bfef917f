import type { Command } from 'commander'
import { graphql } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

const HELP = `
Needs the permission operate, and a server whose SAAS_API_URL holds {subdomain}.

Example:
  $ miniapps admin workspace add acme "Acme Ltd"`

const MUTATION = `mutation ($subdomain: String!, $name: String!) {
  workspaceAdd(subdomain: $subdomain, name: $name) { loginUrl workspace { _id name subdomain apiUrl } }
}`

export interface OwnerLink {
  loginUrl: string
  workspace: { _id: string; name: string; subdomain: string; apiUrl: string }
}

export function adminWorkspaceAddCommand(parent: Command, shell: Shell): void {
  parent
    .command('add')
    .summary('make a workspace')
    .description("Makes a workspace and its owner's one-time link.")
    .argument('<subdomain>', 'its part of the address')
    .argument('<name>', 'as people call it')
    .addHelpText('after', HELP)
    .action(async (subdomain: string, name: string, _options: ServerOptions, self: Command) => {
      const session = await openSession(shell, self.optsWithGlobals<ServerOptions>())
      const { workspaceAdd: made } = await graphql<{ workspaceAdd: OwnerLink }>(session, MUTATION, {
        subdomain,
        name,
      })
      shell.finish({
        exit: 'ok',
        document: made,
        text: (paint) =>
          [
            `${paint.good('Made')} the workspace "${made.workspace.name}" at ${made.workspace.apiUrl}.`,
            'Its owner signs in with this link, once, within 24 hours:',
            '',
            made.loginUrl,
          ].join('\n'),
      })
    })
}
