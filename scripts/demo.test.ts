import { expect, it } from 'vitest'
import { emptyDatabase } from '../packages/server/test/empty-database.ts'
import { runDemo } from './demo-walk.ts'

it('walks through what the demo shows, every step checked', { timeout: 60_000 }, async () => {
  const database = await emptyDatabase()
  const lines: string[] = []
  try {
    await runDemo({ print: (line) => lines.push(line), env: database.env })
  } finally {
    await database.drop()
  }
  const text = lines.join('\n')
  for (const step of [
    'Connected GitHub',
    'Read it back from the provider',
    'Connected Slack',
    'The run records',
  ]) {
    expect(text).toContain(step)
  }
  expect(text).not.toMatch(/github_pat_|xoxb-/)
})
