/** Every template of `init`, in every format, is a package that its own checks find nothing in. */
import { newQuickJSWASMModule } from 'quickjs-emscripten'
import { describe, expect, it } from 'vitest'
import { checkPackage } from '../../miniapp/src/package/validate-package.ts'
import { createFunctionEngine } from '../../miniapp/src/run/evaluate-function.ts'
import { parseJsonSource } from '../src/definition/parse-json.ts'
import { parseYamlSource } from '../src/definition/parse-yaml.ts'
import type { Format } from '../src/init/definition-text.ts'
import { packageFiles } from '../src/init/package-files.ts'
import { readTemplate, TEMPLATES, type TemplateName } from '../src/init/template.ts'

async function filesOf(template: TemplateName, format: Format) {
  const identity = { ns: 'my-service', title: 'My Service', category: 'crm', template, format }
  return packageFiles(await readTemplate(template), identity, '0.1.0')
}

function jsonFilesIn(files: ReadonlyMap<string, string>, folder: string) {
  return [...files].flatMap(([file, text]) =>
    file.startsWith(`${folder}/`) ? [{ file, value: JSON.parse(text) as unknown }] : [],
  )
}

function documentOf(files: ReadonlyMap<string, string>, format: 'json' | 'jsonc' | 'yaml'): unknown {
  const text = files.get(`miniapp.${format}`) ?? ''
  const parsed =
    format === 'yaml' ? parseYamlSource(text) : parseJsonSource(text, { lenient: format === 'jsonc' })
  if (!parsed.ok) throw new Error(parsed.faults[0]?.message)
  return parsed.value
}

describe.each(Object.keys(TEMPLATES) as TemplateName[])('%s', (template) => {
  it('has no finding at the level of a submission, and its tests run', async () => {
    const files = await filesOf(template, 'json')
    const engine = createFunctionEngine(await newQuickJSWASMModule())
    const { findings, results } = await checkPackage(
      {
        definition: documentOf(files, 'json'),
        samples: jsonFilesIn(files, 'samples'),
        tests: jsonFilesIn(files, 'tests'),
      },
      { runFunction: (call) => Promise.resolve(engine.evaluate(call)) },
    )
    expect(findings).toEqual([])
    expect(results.length).toBeGreaterThan(2)
  })

  it('says the same in every format', async () => {
    const document = documentOf(await filesOf(template, 'json'), 'json')
    expect(documentOf(await filesOf(template, 'jsonc'), 'jsonc')).toEqual(document)
    expect(documentOf(await filesOf(template, 'yaml'), 'yaml')).toEqual(document)
    const { default: fromModule } = await importText((await filesOf(template, 'ts')).get('miniapp.ts') ?? '')
    expect(fromModule).toEqual(document)
  })

  it('tests every action, source and auth request, and samples every trigger', async () => {
    const files = await filesOf(template, 'json')
    const { actions, source, auth, triggers } = documentOf(files, 'json') as Record<string, Json>
    const requests = [
      'get_token',
      'refresh_token',
      'userDetails',
      'registrationRequests',
      'unregistrationRequests',
    ]
    const parts = [
      ...(actions ?? []).map(({ name }: { name: string }) => `tests/${name}.json`),
      ...Object.keys(source ?? {}).map((key) => `tests/${key}.json`),
      ...requests.filter((name) => auth[name]).map((name) => `tests/auth.${name}.json`),
      ...(triggers ?? []).map(({ event }: { event: string }) => `samples/${event}.json`),
    ]
    for (const part of parts) expect([...files.keys()]).toContain(part)
  })
})

// biome-ignore lint/suspicious/noExplicitAny: parts of a document whose shape was checked before
type Json = any

/** What Node makes of a module: its types are erased. */
async function importText(text: string): Promise<{ default: unknown }> {
  const { stripTypeScriptTypes } = await import('node:module')
  const code = stripTypeScriptTypes(text)
  return import(`data:text/javascript,${encodeURIComponent(code)}`)
}
