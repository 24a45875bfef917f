import type { Command } from 'commander'
import { graphql } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

const HELP = `
Example:
  $ miniapps admin token remove 0198c0de-…`

/** A token is switched off first: the server removes no token that still works. */
const SWITCH_OFF = 'mutation ($id: String!) { appsEdit(_id: $id, isEnabled: false) { _id name } }'
const REMOVE = 'mutation ($id: String!) { appsRemove(_id: $id) }'

export function adminTokenRemoveCommand(parent: Command, shell: Shell): void {
  parent
    .command('remove')
    .summary('end an app token')
    .description('Switches an app token off and removes it; it stops working at once.')
    .argument('<id>', 'its id, as token list shows it')
    .addHelpText('after', HELP)
    .action(async (id: string, _options: ServerOptions, self: Command) => {
      const session = await openSession(shell, self.optsWithGlobals<ServerOptions>())
      const { appsEdit: token } = await graphql<{ appsEdit: { _id: string; name: string } }>(
        session,
        SWITCH_OFF,
        { id },
      )
      await graphql(session, REMOVE, { id })
      shell.finish({
        exit: 'ok',
        document: token,
        text: (paint) => `${paint.good('Removed')} the token "${token.name}" (${token._id}).`,
      })
    })
}
