import type { Command } from 'commander'
import { appMutationCommand } from '../server/app-mutation-command.ts'
import type { Shell } from '../shell.ts'

export function adminAppDisconnectCommand(parent: Command, shell: Shell): void {
  appMutationCommand(parent, shell, {
    name: 'disconnect',
    summary: 'forget the connected account',
    description: 'Forgets the connected account and deletes its credentials; the app stays installed.',
    mutation: 'disconnectMiniApp',
    done: (ns, paint) => `${paint.good('Disconnected')} ${ns}; its credentials are deleted.`,
  })
}
