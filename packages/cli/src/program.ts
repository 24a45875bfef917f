import { Command, Option } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { actionRunCommand } from './commands/action-run.ts'
import { adminAppConnectCommand } from './commands/admin-app-connect.ts'
import { adminAppDisconnectCommand } from './commands/admin-app-disconnect.ts'
import { adminAppInstallCommand } from './commands/admin-app-install.ts'
import { adminAppListCommand } from './commands/admin-app-list.ts'
import { adminAppRegisterCommand } from './commands/admin-app-register.ts'
import { adminAppUninstallCommand } from './commands/admin-app-uninstall.ts'
import { adminAuditCommand } from './commands/admin-audit.ts'
import { adminRecordsExportCommand } from './commands/admin-records-export.ts'
import { adminRecordsListCommand } from './commands/admin-records-list.ts'
import { adminRecordsShowCommand } from './commands/admin-records-show.ts'
import { adminRunCommand } from './commands/admin-run.ts'
import { adminRunsCommand } from './commands/admin-runs.ts'
import { adminTokenAddCommand } from './commands/admin-token-add.ts'
import { adminTokenListCommand } from './commands/admin-token-list.ts'
import { adminTokenRemoveCommand } from './commands/admin-token-remove.ts'
import { adminWorkspaceAddCommand } from './commands/admin-workspace-add.ts'
import { adminWorkspaceLinkCommand } from './commands/admin-workspace-link.ts'
import { adminWorkspaceListCommand } from './commands/admin-workspace-list.ts'
import { connectCommand } from './commands/connect.ts'
import { diffCommand } from './commands/diff.ts'
import { doctorCommand } from './commands/doctor.ts'
import { eventsListCommand } from './commands/events-list.ts'
import { eventsReplayCommand } from './commands/events-replay.ts'
import { eventsShowCommand } from './commands/events-show.ts'
import { explainCommand } from './commands/explain.ts'
import { initCommand } from './commands/init.ts'
import { loginCommand } from './commands/login.ts'
import { logoutCommand } from './commands/logout.ts'
import { printTypesCommand } from './commands/print-types.ts'
import { sourceListCommand } from './commands/source-list.ts'
import { testCommand } from './commands/test.ts'
import { validateCommand } from './commands/validate.ts'
import { webhookListenCommand } from './commands/webhook-listen.ts'
import { webhookSendCommand } from './commands/webhook-send.ts'
import { whoamiCommand } from './commands/whoami.ts'
import { EXIT_CODES } from './exit-code.ts'
import { createPaint } from './paint.ts'
import type { Shell } from './shell.ts'

/** The whole command line: every command, one line each. */
export function createProgram(shell: Shell): Command {
  const program = new Command('miniapps')
    .description('Checks and runs MiniApp definitions on this machine, and operates a MiniApps server.')
    .addOption(new Option('--json', 'print one JSON document on standard output'))
    .addOption(new Option('--server <url>', 'address of the server (or MINIAPPS_SERVER)'))
    .addHelpText('after', () => `\n${ENVIRONMENT}\n\n${exitCodeTable()}`)
    .version(packageJson.version, '--version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .showSuggestionAfterError(true)
    .configureHelp({ styleTitle: createPaint(true).strong, showGlobalOptions: true })

  initCommand(program, shell)
  validateCommand(program, shell)
  testCommand(program, shell)
  explainCommand(program, shell)
  diffCommand(program, shell)
  printTypesCommand(program, shell)
  const action = group(program, 'action', 'Run actions.')
  actionRunCommand(action, shell)
  const source = group(program, 'source', 'Read the options of dropdowns.')
  sourceListCommand(source, shell)
  connectCommand(program, shell)
  const webhook = group(
    program,
    'webhook',
    'Try webhooks: send deliveries as a provider would, or take them.',
  )
  webhookSendCommand(webhook, shell)
  webhookListenCommand(webhook, shell)
  const events = group(program, 'events', 'See what providers delivered to a server.')
  eventsListCommand(events, shell)
  eventsShowCommand(events, shell)
  eventsReplayCommand(events, shell)
  doctorCommand(program, shell)
  loginCommand(program, shell)
  logoutCommand(program, shell)
  whoamiCommand(program, shell)
  adminCommands(program, shell)
  return program
}

function adminCommands(program: Command, shell: Shell): void {
  const admin = group(program, 'admin', 'Operate a server: apps, tokens, runs, workspaces.')
  const app = group(admin, 'app', 'Register, install and connect apps.')
  adminAppListCommand(app, shell)
  adminAppRegisterCommand(app, shell)
  adminAppInstallCommand(app, shell)
  adminAppConnectCommand(app, shell)
  adminAppDisconnectCommand(app, shell)
  adminAppUninstallCommand(app, shell)
  const token = group(admin, 'token', 'Make and remove app tokens.')
  adminTokenAddCommand(token, shell)
  adminTokenListCommand(token, shell)
  adminTokenRemoveCommand(token, shell)
  adminRunsCommand(admin, shell)
  adminAuditCommand(admin, shell)
  adminRunCommand(admin, shell)
  const records = group(admin, 'records', 'Read customers, orders and products.')
  adminRecordsListCommand(records, shell)
  adminRecordsShowCommand(records, shell)
  adminRecordsExportCommand(records, shell)
  const workspace = group(admin, 'workspace', 'Make and list workspaces.')
  adminWorkspaceAddCommand(workspace, shell)
  adminWorkspaceListCommand(workspace, shell)
  adminWorkspaceLinkCommand(workspace, shell)
}

/** A command that only holds others. */
function group(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .summary(`${description.charAt(0).toLowerCase()}${description.slice(1, -1)}`)
    .description(description)
    .helpCommand('help [command]', 'show the help of a command')
}

const ENVIRONMENT = `Environment:
  MINIAPPS_SERVER            address of the server, where --server is not given
  MINIAPPS_TOKEN             app token, in the place of the one that login stored
  MINIAPPS_CREDENTIAL_<KEY>  a credential of an app, as MINIAPPS_CREDENTIAL_ACCESS_TOKEN for accessToken
  NO_COLOR                   set to anything: no colour`

function exitCodeTable(): string {
  const rows = Object.values(EXIT_CODES).map(
    ({ status, summary }) => `  ${String(status).padEnd(4)}${summary}`,
  )
  return ['Exit codes:', ...rows].join('\n')
}
