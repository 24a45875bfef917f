import type { Command } from 'commander'
import type { Paint } from '../paint.ts'
import type { Shell } from '../shell.ts'
import { graphql } from './graphql.ts'
import { openSession, type ServerOptions } from './session.ts'

export interface AppMutation {
  /** Word of the command line, such as `install`. */
  name: string
  summary: string
  description: string
  /** Operation of the API that takes `ns` alone. */
  mutation: string
  done: (ns: string, paint: Paint) => string
}

/** A command `admin app NAME NS` that runs one operation on one app. */
export function appMutationCommand(parent: Command, shell: Shell, command: AppMutation): void {
  const { name, summary, description, mutation, done } = command
  parent
    .command(name)
    .summary(summary)
    .description(description)
    .argument('<ns>', 'ns of the app')
    .addHelpText('after', `\nExample:\n  $ miniapps admin app ${name} github`)
    .action(async (ns: string, _options: ServerOptions, self: Command) => {
      const session = await openSession(shell, self.optsWithGlobals<ServerOptions>())
      const query = `mutation ($ns: String!) { ${mutation}(ns: $ns) }`
      const answer = await graphql<Record<string, Record<string, unknown>>>(session, query, { ns })
      shell.finish({ exit: 'ok', document: answer[mutation] ?? {}, text: (paint) => done(ns, paint) })
    })
}
