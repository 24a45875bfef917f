import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../packages/cli/src/program.ts'
import { addAt, anchors, codeBlocks, commands, links } from './guides.ts'
import { problemOf } from './guides-commands.ts'

const page = [
  '# A page, with `code`',
  'See [this](a.md#b) and `[not this](c.md)`.',
  '```json definition',
  '{ "see": "[nor this](d.md)" }',
  '```',
  '## Second',
].join('\n')

describe('a page', () => {
  it('gives its code blocks with language, info and line', () => {
    expect(codeBlocks(page)).toEqual([
      { language: 'json', info: 'definition', text: '{ "see": "[nor this](d.md)" }\n', line: 3 },
    ])
  })

  it('gives links and headings outside code', () => {
    expect(links(page)).toEqual(['a.md#b'])
    expect([...anchors(page)]).toEqual(['a-page-with-code', 'second'])
  })
})

describe('adding to a document', () => {
  it.each<[string, unknown, string, unknown]>([
    ['a member', { a: 1 }, '/b', { a: 1, b: 'new' }],
    ['over a member', { a: 1 }, '/a', { a: 'new' }],
    ['the end of a list', { a: [1] }, '/a/-', { a: [1, 'new'] }],
    ['into a list', { a: [1, 2] }, '/a/1', { a: [1, 'new', 2] }],
  ])('puts the value at %s', (_, document, pointer, expected) => {
    expect(addAt(document, pointer, 'new')).toEqual(expected)
  })

  it('refuses a place without a parent', () => {
    expect(() => addAt({}, '/a/b', 1)).toThrow('/a/b')
  })
})

describe('commands', () => {
  it('are words without environment, comments and what follows a pipe', () => {
    expect(
      commands(
        "A=1 B=x npm start # comment\n\n# only a comment\nminiapps login 'a b' | cat\ncurl \\\n  -s x",
      ),
    ).toEqual([
      ['npm', 'start'],
      ['miniapps', 'login', 'a b'],
      ['curl', '-s', 'x'],
    ])
  })

  const known = {
    scripts: { start: '', miniapps: '' },
    program: createProgram({ env: {}, directory: resolve('/'), isTerminal: false, say() {}, finish() {} }),
  }
  it.each<[string, string | undefined]>([
    ['npm start', undefined],
    ['npm ci', undefined],
    ['npm stat', 'there is no npm script "stat"'],
    ['npm run --silent miniapps -- admin app list', undefined],
    ['npm run miniapps -- admin app lst', 'there is no command "lst"'],
    ['miniapps validate a.json b.json --level schema --json', undefined],
    ['miniapps validate', 'it takes 1 to Infinity arguments, not 0'],
    ['miniapps login --tokn x', 'there is no option --tokn'],
    ['miniapps admin app install github slack', 'it takes 1 to 1 arguments, not 2'],
    ['miniapps admin --help', undefined],
    ['openssl rand -base64 32', undefined],
  ])('%s: %s', (line, problem) => {
    expect(problemOf(line.split(' '), known)).toBe(problem)
  })
})
