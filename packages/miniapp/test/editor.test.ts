/** What VS Code shows for `miniapp.schema.json`: its own language service, asked at places of a document. */
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import languageService, { type JSONDocument, type TextDocument } from 'vscode-json-languageservice'
import { jsonSchema } from '../src/schema/json-schema.ts'

const SCHEMA = 'https://miniapps.example/miniapp.schema.json'
const service = languageService.getLanguageService({})
service.configure({
  validate: true,
  // biome-ignore lint/suspicious/noExplicitAny: the service's own type of a schema is narrower than the drafts
  schemas: [{ uri: SCHEMA, fileMatch: ['*.json'], schema: jsonSchema() as any }],
})

/** A document with `‸` where the pointer is. */
function open(text: string): { document: TextDocument; json: JSONDocument; offset: number } {
  const offset = Math.max(0, text.indexOf('‸'))
  const document = languageService.TextDocument.create(
    'file:///miniapp.json',
    'json',
    1,
    text.replace('‸', ''),
  )
  return { document, json: service.parseJSONDocument(document), offset }
}

async function hover(text: string): Promise<string> {
  const { document, json, offset } = open(text)
  const shown = await service.doHover(document, document.positionAt(offset), json)
  // Plain text is escaped where Markdown would read it as its own.
  return JSON.stringify(shown?.contents ?? '').replaceAll('\\\\', '')
}

async function completions(text: string): Promise<Record<string, string>> {
  const { document, json, offset } = open(text)
  const list = await service.doComplete(document, document.positionAt(offset), json)
  return Object.fromEntries(
    (list?.items ?? []).map(({ label, documentation }) => [
      label,
      typeof documentation === 'string' ? documentation : (documentation?.value ?? ''),
    ]),
  )
}

async function problems(text: string): Promise<string[]> {
  const { document, json } = open(text)
  return (await service.doValidation(document, json)).map(({ message }) => String(message))
}

describe('an editor', () => {
  it.each([
    ['at the top', '{ "‸auth": {} }', 'How accounts are connected.'],
    ['in a request', '{ "actions": [{ "requests": [{ "‸errorWhen": {} }] }] }', 'good status means failure'],
    [
      'in a connect form',
      '{ "auth": { "form": { "key": { "‸help": "" } } } }',
      'Where the user finds the value.',
    ],
    ['with a meaning of its own', '{ "auth": { "‸refresh_token": {} } }', 'Renews the credentials.'],
  ])('explains a property under the pointer %s', async (_where, text, explanation) => {
    expect(await hover(text)).toContain(explanation)
  })

  it('completes the properties of the place, each with its explanation', async () => {
    const inAuth = await completions('{ "auth": { ‸ } }')
    expect(inAuth).toMatchObject({ get_token: expect.stringContaining('credentials') })
    expect(inAuth).not.toHaveProperty('actions')
    const inRequest = await completions('{ "actions": [{ "requests": [{ ‸ }] }] }')
    for (const name of ['url', 'method', 'errorWhen', 'forEach']) expect(inRequest).toHaveProperty(name)
    for (const shown of Object.values(inAuth)) expect(shown).not.toBe('')
  })

  it('completes the values that a property can have', async () => {
    expect(Object.keys(await completions('{ "category": ‸ }'))).toContain('"ecommerce"')
  })

  it('marks what is misspelt or of the wrong shape', async () => {
    expect((await problems('{ "auth": { "type": "apikey", "testToken": {} } }')).join('\n')).toContain(
      'testToken',
    )
    expect((await problems('{ "status": "publik" }')).join('\n')).toContain('"public"')
  })

  const definitions = globSync('{catalog/*/miniapp.json,docs/guides/first-definition.json}', {
    cwd: resolve(import.meta.dirname, '../../..'),
  })
  it.each(definitions)('has nothing to say of %s', async (file) => {
    const text = readFileSync(resolve(import.meta.dirname, '../../..', file), 'utf8')
    expect(await problems(text)).toEqual([])
  })
})
