import { readGiven } from '../local/given.ts'
import type { LocalApp } from '../local/load-app.ts'
import type { LocalOptions } from '../local/runtime.ts'
import type { Outcome } from '../outcome.ts'
import type { Paint } from '../paint.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'
import { type Bundle, redactedDefinition, writeBundle } from './bundle.ts'
import { type Diagnosis, examineAll } from './diagnosis.ts'
import { LOCAL_CASES, type LocalPatient } from './local-cases.ts'
import { readPatient, SERVER_CASES, type ServerPatient } from './server-cases.ts'

type Calls = Pick<LocalPatient, 'action' | 'source'> & { bundle: string | undefined }

/** Looks at a definition on this machine. @throws CliError for options that cannot be used */
export async function examineHere(
  app: LocalApp,
  { action, source, bundle }: Calls,
  options: LocalOptions,
  shell: Shell,
): Promise<Outcome> {
  const given = await readGiven(app, options.credential ?? [], shell)
  const diagnoses = await examineAll(LOCAL_CASES, {
    app,
    given,
    options,
    action,
    source,
    directory: shell.directory,
  })
  const { ns, version, definition } = app.compiled
  const found: Bundle = { ns, version, definition: redactedDefinition(definition), diagnoses }
  if (bundle === undefined) return finish(found, bundle, shell)
  const { readSamples } = await import('../webhook/read-delivery.ts')
  const samples = (await readSamples(app, shell.directory)).map(({ event, body }) => ({ event, body }))
  return finish({ ...found, ...(samples.length > 0 && { samples }) }, bundle, shell)
}

interface ServerCalls {
  bundle: string | undefined
  source: ServerPatient['source']
}

/** Looks at an app on a server. @throws CliError where the server cannot be reached or refuses */
export async function examineThere(
  ns: string,
  { bundle, source, ...options }: ServerOptions & ServerCalls,
  shell: Shell,
): Promise<Outcome> {
  const patient = await readPatient(await openSession(shell, options), ns, source)
  const diagnoses = await examineAll(SERVER_CASES, patient)
  const version = patient.app?.version ?? ''
  return finish({ ns, version, diagnoses, failedRuns: patient.failures }, bundle, shell)
}

async function finish(found: Bundle, file: string | undefined, { directory }: Shell): Promise<Outcome> {
  const { ns, version, diagnoses } = found
  if (file !== undefined) await writeBundle(found, file, directory)
  return {
    exit: diagnoses.some(({ verdict }) => verdict === 'broken') ? 'failed' : 'ok',
    document: { ns, version, diagnoses, ...(file !== undefined && { bundle: file }) },
    text: (paint) =>
      [
        ...diagnoses.map((diagnosis) => render(diagnosis, paint)),
        ...(file === undefined ? [] : [`Written to ${file}: read it before you send it.`]),
      ].join('\n\n'),
  }
}

const MARKS = {
  fine: (paint) => paint.good('✓'),
  doubtful: (paint) => paint.doubtful('?'),
  broken: (paint) => paint.bad('✗'),
} as const satisfies Record<Diagnosis['verdict'], (paint: Paint) => string>

function render({ name, verdict, what, facts, next }: Diagnosis, paint: Paint): string {
  return [
    `${MARKS[verdict](paint)} ${paint.strong(name)}  ${what}`,
    ...facts.map((fact) => `  ${paint.faint(fact)}`),
    ...next.map((line) => `  ${paint.faint('→')} ${line}`),
  ].join('\n')
}
