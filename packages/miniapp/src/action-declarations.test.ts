import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { definitionWith } from '../test/definition.ts'
import { actionDeclarations } from './action-declarations.ts'
import type { ActionDefinition, Definition } from './document.ts'

const TSC = resolve(import.meta.dirname, '../../../node_modules/typescript/bin/tsc')
const CATALOG = resolve(import.meta.dirname, '../../../catalog')

const step = { url: 'https://acme.example/', method: 'GET', mapping: {} } as const
const awkward = definitionWith({
  ns: '7-days',
  actions: [
    {
      name: 'addRow',
      title: 'Add a row',
      description: 'Ends a comment */ and goes on.\nOn two lines.',
      parameters: {
        type: 'object',
        required: ['first-name', 'level', 'kind'],
        properties: {
          'first-name': { type: 'string', title: "Guest's name" },
          level: { type: 'integer', default: 1 },
          kind: { enum: ["it's", 2, null] },
          tree: { $ref: '#/$defs/tree' },
          place: {
            anyOf: [{ type: 'string' }, { type: 'object', properties: { city: { type: 'string' } } }],
          },
        },
        $defs: {
          tree: {
            type: 'object',
            properties: { left: { $ref: '#/$defs/tree' }, right: { $ref: '#/$defs/tree' } },
          },
        },
      },
      requests: [
        {
          ...step,
          mapping: {
            'row-id': { path: '$.id', transform: 'toString' },
            total: { path: '$.total', transform: 'toNumber' },
          },
        },
      ],
    },
    { name: 'AddRow', title: 'Add a row', requests: [step, { type: 'function', name: 'free' }] },
  ] as ActionDefinition[],
  functions: { free: { params: [], code: 'return {}' } },
})

describe('actionDeclarations', () => {
  it('writes inputs and outputs with their descriptions', () => {
    expect(actionDeclarations(awkward)).toMatchInlineSnapshot(`
      "// Types of the actions of 7-days 1.0.0, made by \`miniapps types\`. Do not edit.

      /** Add a row. Ends a comment *\\/ and goes on. On two lines. (what it takes) */
      export interface AddRowInput {
        /** Guest's name */
        'first-name': string
        level?: number
        kind: 'it\\'s' | 2 | null
        tree?: {
          left?: unknown
          right?: unknown
        }
        place?: string | {
          city?: string
        }
      }

      /** Add a row (what it answers; what the provider leaves out is missing) */
      export interface AddRowOutput {
        'row-id'?: string
        total?: number | string | null
      }

      /** Add a row (what it takes) */
      export type AddRow2Input = Record<string, never>

      /** Add a row (what it answers; what the provider leaves out is missing) */
      export interface AddRow2Output {
        [name: string]: unknown
      }

      /** Every action of Acme, by name. */
      export interface App7DaysActions {
        addRow: { input: AddRowInput; output: AddRowOutput }
        AddRow: { input: AddRow2Input; output: AddRow2Output }
      }
      "
    `)
  })

  it('writes the same text each time', () => {
    expect(actionDeclarations(structuredClone(awkward))).toBe(actionDeclarations(awkward))
  })

  it('writes what the compiler accepts, for every app of the catalog', () => {
    const folder = mkdtempSync(join(tmpdir(), 'miniapps-types-'))
    const apps = readdirSync(CATALOG, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const definitions = apps.map(
      ({ name }) => JSON.parse(readFileSync(join(CATALOG, name, 'miniapp.json'), 'utf8')) as Definition,
    )
    try {
      for (const definition of [...definitions, awkward]) {
        writeFileSync(join(folder, `${definition.ns}.ts`), actionDeclarations(definition))
      }
      const use = [
        `import type { SlackActions } from './slack.ts'`,
        `const input: SlackActions['sendChannelMessage']['input'] = { channel: 'C1', text: 'Hello' }`,
        `// @ts-expect-error the text is required`,
        `const without: SlackActions['sendChannelMessage']['input'] = { channel: 'C1' }`,
        `export { input, without }`,
      ]
      writeFileSync(join(folder, 'use.ts'), use.join('\n'))
      const files = readdirSync(folder).map((file) => join(folder, file))
      const options = [
        '--noEmit',
        '--strict',
        '--allowImportingTsExtensions',
        '--module',
        'nodenext',
        '--types',
        '',
      ]
      expect(() =>
        execFileSync(process.execPath, [TSC, ...options, ...files], { encoding: 'utf8', cwd: folder }),
      ).not.toThrow()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
