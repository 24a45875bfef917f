import { z } from 'zod'
import { action, appFunction } from './action.ts'
import { auth } from './auth.ts'
import { branch, isList, isRecord, isText } from './branch.ts'
import { dashboardApp } from './dashboard.ts'
import { source, sourceKey } from './source.ts'
import { sync } from './sync.ts'
import { filledText, httpsUrl, semver, textLike, webUrl } from './text.ts'
import { trigger } from './trigger.ts'
import { webhook } from './webhook.ts'

export const CATEGORIES = [
  'ecommerce',
  'productivity',
  'communication',
  'marketing',
  'developer',
  'payment',
  'social',
  'storage',
  'analytics',
  'crm',
] as const

/** Characters of `title` and `label`: what fits on a card of the marketplace. */
const MAX_TITLE_CHARACTERS = 80

const title = () => filledText().max(MAX_TITLE_CHARACTERS)

const identity = {
  ns: textLike(
    /^(?=.{2,64}$)[a-z0-9]+(-[a-z0-9]+)*$/,
    'lower-case words joined by hyphens, 2 to 64 characters, such as `my-service`',
  ).describe('Namespace of the app; it never changes once registered.'),
  name: filledText().describe('Name, usually equal to `ns`.'),
  type: filledText().describe('Type, usually equal to `ns`.'),
  title: title().describe('Title in the marketplace.'),
  label: title().describe('Short title in menus.'),
  shortDescription: textLike(/^[^\r\n]*\S[^\r\n]*$/, 'one line of text').describe(
    'One line for the card, at most 120 characters.',
  ),
  description: filledText().describe('Markdown: what the app does and how it is set up.'),
  status: z
    .enum(['public', 'private'])
    .describe('A draft is `private`; only the operator makes it `public`.'),
  version: semver().describe('Semantic version; raised with every change.'),
  category: z.enum(CATEGORIES).describe('Category in the marketplace.'),
  icon: httpsUrl().describe('URL of a square icon, SVG or PNG.'),
  logo: httpsUrl().describe('URL of the logo, SVG or PNG.'),
  docsUrl: webUrl().describe("URL of the author's own set-up guide."),
  youtubeId: textLike(/^[A-Za-z0-9_-]{11}$/, 'the 11 characters that name a YouTube video')
    .optional()
    .describe('Id of a YouTube video.'),
}

const screenShots = branch('a URL or a list of URLs', [
  { is: isText, schema: z.string() },
  { is: isList, schema: z.array(z.string()) },
])

const author = branch('a name or an object such as `{ "name": "Acme" }`', [
  { is: isText, schema: z.string() },
  { is: isRecord, schema: z.record(z.string(), z.unknown()) },
])

const text = branch('a text or a list of texts', [
  { is: isText, schema: z.string() },
  { is: isList, schema: z.array(z.string()) },
])

const listing = {
  features: text.optional().describe('What the app can do, for its page in the marketplace.'),
  userGuide: z.string().optional().describe('Guide for users: Markdown or a URL.'),
  screenShots: screenShots.optional().describe('URL or URLs of screenshots.'),
  price: z.unknown().optional().describe('What the app costs, as the marketplace shows it.'),
  author: author.optional().describe('Who made the app.'),
}

/** Longer than the windows of providers, so that an epoch in the place of a duration is found. */
const MAX_WINDOW_SECONDS = 24 * 60 * 60

const rateLimit = z.strictObject({
  requests: z.int().min(1).describe('Requests in a window.'),
  perSeconds: z.int().min(1).max(MAX_WINDOW_SECONDS).describe('Length of the window; at most a day.'),
})

export const app = z
  .strictObject({
    $schema: z.string().optional().describe('URL of this JSON Schema, for editors.'),
    ...identity,
    auth: auth.describe('How accounts are connected.'),
    actions: z.array(action).optional().describe('What users, automations and panels can run.'),
    triggers: z.array(trigger).optional().describe('Events that start automations.'),
    webhook: webhook
      .nullable()
      .optional()
      .describe('How inbound events are verified and read; null for none.'),
    sync: sync.optional().describe('Bulk import and realtime records.'),
    source: z
      .record(sourceKey(), source)
      .optional()
      .describe('Options of dropdowns, by a key that starts with `rpc_`.'),
    functions: z.record(z.string(), appFunction).optional().describe('App Functions, by name.'),
    dashboardApps: z.array(dashboardApp).optional().describe('Panels beside the conversation.'),
    allowedHosts: z
      .array(
        textLike(
          /^(\*\.)?([a-z0-9-]+\.)*[a-z0-9-]+$/i,
          'a host such as `uploads.example.com` or `*.example.com`',
        ),
      )
      .optional()
      .describe('Further hosts that requests may go to, besides those of the URLs.'),
    rateLimit: rateLimit
      .optional()
      .describe('How often the provider lets one connection ask it; what its answers say counts besides.'),
    ...listing,
    provisioning: z.unknown().optional().describe('First-party only: how the operator provisions the app.'),
  })
  .meta({
    title: 'MiniApp',
    description: 'Definition of a MiniApp: one JSON document that the platform interprets.',
  })
