import type { Command } from 'commander'
import { graphql } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'
import type { OwnerLink } from './admin-workspace-add.ts'

const HELP = `
Needs the permission operate. Earlier links of the workspace that were not used stop working.

Example:
  $ miniapps admin workspace link 0198c0de-…`

const MUTATION = `mutation ($id: String!) {
  workspaceOwnerLink(_id: $id) { loginUrl workspace { _id name subdomain apiUrl } }
}`

export function adminWorkspaceLinkCommand(parent: Command, shell: Shell): void {
  parent
    .command('link')
    .summary("make a new one-time link for a workspace's owner")
    .description("Makes a new one-time link by which a workspace's owner signs in.")
    .argument('<id>', 'id of the workspace, as workspace list shows it')
    .addHelpText('after', HELP)
    .action(async (id: string, _options: ServerOptions, self: Command) => {
      const session = await openSession(shell, self.optsWithGlobals<ServerOptions>())
      const { workspaceOwnerLink: made } = await graphql<{ workspaceOwnerLink: OwnerLink }>(
        session,
        MUTATION,
        {
          id,
        },
      )
      shell.finish({
        exit: 'ok',
        document: made,
        text: () =>
          `The owner of "${made.workspace.name}" signs in with this link, once, within 24 hours:\n\n${made.loginUrl}`,
      })
    })
}
