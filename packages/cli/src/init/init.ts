import { resolve } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { parseJsonSource } from '../definition/parse-json.ts'
import { shownName } from '../definition/read-source.ts'
import type { Outcome } from '../outcome.ts'
import type { Paint } from '../paint.ts'
import type { Shell } from '../shell.ts'
import { completeIdentity, type Given } from './identity.ts'
import { type Identity, packageFiles } from './package-files.ts'
import { readTemplate, TEMPLATE_DEFINITION } from './template.ts'
import { writePackage } from './write-package.ts'

/**
 * Begins a package. What was not given is asked on a terminal and takes its default elsewhere.
 *
 * @throws CliError where an answer cannot be used, or a file is there already
 */
export async function init(
  given: Given,
  { yes, directory, isTerminal }: Pick<Shell, 'directory' | 'isTerminal'> & { yes: boolean },
): Promise<Outcome> {
  const answered =
    isTerminal && !yes
      ? await (await import('./ask.ts')).ask(given, { input: process.stdin, output: process.stderr })
      : given
  const identity = completeIdentity(answered)
  const folder = resolve(directory, answered.folder ?? identity.ns)
  const template = await readTemplate(identity.template)
  const files = packageFiles(template, identity, packageJson.version)
  await writePackage(folder, files)
  const shown = shownName(folder, directory)
  return {
    exit: 'ok',
    document: { ok: true, folder, ...identity, files: [...files.keys()] },
    text: (paint) => report(shown, identity, { files, fields: fieldsOf(template) }, paint),
  }
}

/** What lies in a package, in the order in which an author meets it. */
const PARTS: readonly [RegExp, string][] = [
  [/^miniapp\./, 'the definition'],
  [/^README\.md$/, 'what the template is about, and where to begin'],
  [/^SETUP\.md$/, 'three to five steps for those who connect'],
  [/^CHANGELOG\.md$/, 'one entry a version'],
  [/^tests\//, 'recorded runs, which `miniapps test` repeats'],
  [/^samples\//, 'one delivery of each webhook event'],
  [/^\.vscode\//, 'completion and explanations in VS Code'],
]

function report(
  folder: string,
  identity: Identity,
  { files, fields }: { files: ReadonlyMap<string, string>; fields: readonly string[] },
  paint: Paint,
): string {
  const paths = [...files.keys()]
  const parts = PARTS.flatMap(([pattern, meaning]) => {
    const path = paths.find((one) => pattern.test(one))
    if (path === undefined) return []
    const name = path.includes('/') ? `${path.slice(0, path.indexOf('/'))}/` : path
    return [`  ${name.padEnd(14)}${paint.faint(meaning)}`]
  })
  const at = shellWord(folder)
  const steps = [
    ...(identity.format === 'ts' ? [`npm install --prefix ${at}`] : []),
    `miniapps validate ${at} --level submission`,
    `miniapps test ${at}`,
    [`miniapps connect ${at}`, ...fields.map((field) => `--credential ${field}=…`)].join(' '),
    `miniapps action run ${at} ${exampleCall(files)}`,
  ]
  return [
    paint.good(`${identity.title} is begun in ${folder}, from the template ${identity.template}.`),
    parts.join('\n'),
    `The service is made up. Read ${paint.place(`${folder}/README.md`)}, make it yours, then:`,
    steps.map((step) => `  ${paint.strong(step)}`).join('\n'),
  ].join('\n\n')
}

/** What the connect form asks for. */
function fieldsOf(template: ReadonlyMap<string, string>): string[] {
  const parsed = parseJsonSource(template.get(TEMPLATE_DEFINITION) ?? '', { lenient: true })
  const { auth } = (parsed.ok ? parsed.value : {}) as { auth?: { form?: object } }
  return Object.keys(auth?.form ?? {})
}

/** The first action that a test runs, with its input, as `action run` takes them. */
function exampleCall(files: ReadonlyMap<string, string>): string {
  for (const [path, text] of files) {
    if (!path.startsWith('tests/')) continue
    const { action, input = {} } = JSON.parse(text) as { action?: string; input?: Record<string, unknown> }
    if (action === undefined) continue
    const pairs = Object.entries(input).map(([key, value]) => `-i ${shellWord(`${key}=${String(value)}`)}`)
    return [action, ...pairs].join(' ')
  }
  return '<action>'
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
