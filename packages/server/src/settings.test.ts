import { describe, expect, it } from 'vitest'
import { misspeltSettings, SETTINGS } from './settings.ts'

describe('misspeltSettings', () => {
  it.each([
    ['DATABSE_URL', 'DATABASE_URL'],
    ['MASTERKEY', 'MASTER_KEY'],
    ['SAAS_APIURL', 'SAAS_API_URL'],
    ['allow_private_network', 'ALLOW_PRIVATE_NETWORKS'],
    ['database_url', 'DATABASE_URL'],
  ])('takes %s for %s', (name, meant) => {
    expect(misspeltSettings({ [name]: '1' })).toEqual([{ name, meant }])
  })

  it('leaves real settings and names of other programs alone', () => {
    const env = Object.fromEntries(
      [...Object.keys(SETTINGS), 'HOSTNAME', 'PATH', 'HOME', 'POST', 'NODE_PATH', 'LOGNAME'].map((name) => [
        name,
        'x',
      ]),
    )
    expect(misspeltSettings(env)).toEqual([])
  })
})
