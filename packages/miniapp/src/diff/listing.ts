import type { Comparison } from './comparison.ts'
import { differing, same } from './same.ts'

const LISTED = [
  'name',
  'type',
  'title',
  'label',
  'shortDescription',
  'description',
  'category',
  'icon',
  'logo',
  'docsUrl',
  'youtubeId',
  'features',
  'userGuide',
  'screenShots',
  'price',
  'author',
] as const

/** What the marketplace shows (1.1, 8.4). */
export const compareListing: Comparison = ({ before, after, report }) => {
  for (const name of differing(LISTED, before, after)) {
    const side = after[name] === undefined ? 'before' : 'after'
    report('listing-changed', side, `/${name}`, `The marketplace shows another ${name}.`)
  }
  if (before.status !== after.status) {
    const reason =
      after.status === 'public'
        ? 'The app is shown to every workspace.'
        : 'The app is no longer shown to workspaces that have not installed it.'
    report('status-changed', 'after', '/status', reason)
  }
  if (!same(before.provisioning, after.provisioning)) {
    const side = after.provisioning === undefined ? 'before' : 'after'
    report('behaviour-changed', side, '/provisioning', 'The operator provisions the app in another way.')
  }
}
