import type { Command } from 'commander'
import { appMutationCommand } from '../server/app-mutation-command.ts'
import type { Shell } from '../shell.ts'

export function adminAppInstallCommand(parent: Command, shell: Shell): void {
  appMutationCommand(parent, shell, {
    name: 'install',
    summary: 'add an app to the workspace',
    description: 'Installs an app in the workspace. Installing twice changes nothing.',
    mutation: 'installMiniApp',
    done: (ns, paint) =>
      `${paint.good('Installed')} ${ns}. Connect an account with: miniapps admin app connect ${ns} --credential key=…`,
  })
}
