import type { Command } from 'commander'
import { appMutationCommand } from '../server/app-mutation-command.ts'
import type { Shell } from '../shell.ts'

export function adminAppUninstallCommand(parent: Command, shell: Shell): void {
  appMutationCommand(parent, shell, {
    name: 'uninstall',
    summary: 'take an app out of the workspace',
    description: 'Takes an app out of the workspace and deletes its credentials.',
    mutation: 'uninstallMiniApp',
    done: (ns, paint) => `${paint.good('Uninstalled')} ${ns}; its credentials are deleted.`,
  })
}
