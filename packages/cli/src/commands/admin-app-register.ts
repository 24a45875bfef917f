import type { Command } from 'commander'
import type { Change, Finding } from 'miniapp'
import type { Outcome } from '../outcome.ts'
import { graphql } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

const HELP = `
The definition is checked here first, with places in the file. A version never changes: a changed definition needs a
higher "version", and one that breaks the published version a higher major number ("miniapps diff" says what breaks).
Installs move to the new version where it breaks nothing of theirs.

Example:
  $ miniapps admin app register catalog/github`

const REGISTER = 'mutation ($definition: JSON!) { registerMiniApp(definition: $definition) }'

interface Registration {
  ns: string
  version: string
  outcome: 'registered' | 'unchanged'
  installsMoved: number
  findings: Finding[]
  changes: Change[]
}

export function adminAppRegisterCommand(parent: Command, shell: Shell): void {
  parent
    .command('register')
    .summary('register and publish a definition')
    .description('Registers a definition on the server and publishes it. Needs the permission operate.')
    .argument('<file>', 'a definition or its folder')
    .addHelpText('after', HELP)
    .action(async (argument: string, _options: ServerOptions, self: Command) => {
      shell.finish(await register(argument, self.optsWithGlobals<ServerOptions>(), shell))
    })
}

async function register(argument: string, options: ServerOptions, shell: Shell): Promise<Outcome> {
  const session = await openSession(shell, options)
  const { loadApp } = await import('../local/load-app.ts')
  const loaded = await loadApp(argument, shell.directory)
  if (!loaded.ok) return loaded.outcome
  const { source, compiled } = loaded.app
  const { registerMiniApp: answer } = await graphql<{ registerMiniApp: Registration }>(session, REGISTER, {
    definition: compiled.definition,
  })
  const [{ placeFindings }, { findingDocument, renderFindings }] = await Promise.all([
    import('../definition/check-source.ts'),
    import('../render/findings.ts'),
  ])
  const { ns, version, outcome, installsMoved, changes } = answer
  const findings = placeFindings(source, answer.findings)
  return {
    exit: 'ok',
    document: { ns, version, outcome, installsMoved, findings: findings.map(findingDocument), changes },
    text: (paint) => {
      const done =
        outcome === 'unchanged'
          ? `${ns} ${version} was registered before, exactly like this.`
          : `${paint.good('Registered')} ${ns} ${version}; ${installs(installsMoved)}.${breaks(changes)}`
      return [...(findings.length > 0 ? [renderFindings({ source, findings }, paint)] : []), done].join(
        '\n\n',
      )
    },
  }
}

function installs(count: number): string {
  if (count === 0) return 'no install moved'
  return count === 1 ? '1 install moved to it' : `${count} installs moved to it`
}

function breaks(changes: readonly Change[]): string {
  const reasons = changes.filter(({ kind }) => kind === 'breaking').map(({ reason }) => `\n  ${reason}`)
  return reasons.length === 0 ? '' : `\nIt breaks, for those who accept it:${reasons.join('')}`
}
