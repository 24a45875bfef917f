import { jsonSchema } from 'miniapp'
import { definitionText, type Format } from './definition-text.ts'
import { TEMPLATE_DEFINITION, TEMPLATES, type TemplateName } from './template.ts'

/** What somebody decides about a new package. */
export interface Identity {
  ns: string
  title: string
  category: string
  template: TemplateName
  format: Format
}

const SCHEMA_FILE = '.vscode/miniapp.schema.json'

/** What must not be shared: the reviewers' test account, and what the command line keeps of a connection. */
const IGNORED = ['sandbox.json', '.miniapps/', 'node_modules/']

/**
 * The files of a new package by their path.
 *
 * @param template as `readTemplate` gives it
 * @param version of the packages that a TypeScript definition needs
 */
export function packageFiles(
  template: ReadonlyMap<string, string>,
  identity: Identity,
  version: string,
): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const [path, text] of template) {
    if (path === TEMPLATE_DEFINITION) files.set(`miniapp.${identity.format}`, definitionOf(text, identity))
    else files.set(path, rename(text, identity, path.endsWith('.json')))
  }
  files.set('.gitignore', `${IGNORED.join('\n')}\n`)
  files.set(SCHEMA_FILE, toJson(jsonSchema()))
  files.set('.vscode/settings.json', toJson(editorSettings()))
  if (identity.format === 'ts') {
    files.set('package.json', toJson(manifestOf(identity, version)))
    files.set('tsconfig.json', toJson(COMPILER))
  }
  return files
}

function definitionOf(text: string, identity: Identity): string {
  const named = rename(text, identity, true)
  const category = named.replace(/("category": )"[^"]*"/, `$1${JSON.stringify(identity.category)}`)
  return definitionText(category, identity.format)
}

/** @param isJson where the names stand in JSON texts */
function rename(text: string, { template, ns, title }: Identity, isJson: boolean): string {
  const from = TEMPLATES[template]
  const written = isJson ? JSON.stringify(title).slice(1, -1) : title
  return text.replaceAll(from.ns, () => ns).replaceAll(from.title, () => written)
}

/** Both point to the copy beside them, so that they also work without a network. */
function editorSettings() {
  const url = `./${SCHEMA_FILE}`
  return {
    'json.schemas': [{ fileMatch: ['miniapp.json', 'miniapp.jsonc'], url }],
    'yaml.schemas': { [url]: ['miniapp.yaml', 'miniapp.yml'] },
  }
}

function manifestOf({ ns }: Identity, version: string) {
  return {
    name: `miniapp-${ns}`,
    private: true,
    type: 'module',
    scripts: { validate: 'miniapps validate . --level submission', typecheck: 'tsc --noEmit' },
    devDependencies: { miniapp: version, miniapps: version, typescript: '^7.0.2' },
  }
}

const COMPILER = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    types: [],
    skipLibCheck: true,
    allowImportingTsExtensions: true,
  },
  include: ['miniapp.ts'],
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
