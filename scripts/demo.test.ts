import { expect, it } from 'vitest'
import { emptyDatabase } from '../packages/server/test/empty-database.ts'
import { runDemo } from './demo-walk.ts'

it('walks through what the demo shows, every step checked', async () => {
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
    'The provider has the webhook that was registered',
    'Read it back from the provider',
    'GitHub called back',
    'fired the trigger issues.opened of miniapps:github',
    'Linear called back',
    'fired the trigger issue.created of miniapps:linear',
    'Connected Slack',
    'Connected Linear through OAuth with PKCE',
    'run record: attempt 1: 401, attempt 2: 200',
    'connection: error, AUTH_EXPIRED',
    'Connected it again: the way back',
    'Disconnected GitHub',
    'The run records',
  ]) {
    expect(text).toContain(step)
  }
  expect(text).not.toMatch(/github_pat_|xoxb-|lin_|_of_the_stand_in|secret-of|[\w-]{32,}/)
})
