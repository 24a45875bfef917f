/** Apps as the published schema names them (10b section 2.1). Type names keep their published spelling. */
import type { ActionDefinition, CompiledDefinition } from 'miniapp'
import { isAuthenticated } from '../install/state.ts'
import { formFields } from '../marketplace/form-fields.ts'
import { installStatusOf, type MarketplaceApp } from '../marketplace/list-apps.ts'
import { publicDefinition } from '../marketplace/public-definition.ts'
import { builder } from './builder.ts'

const needsConnection = (compiled: CompiledDefinition) => compiled.definition.auth.type !== 'none'

export const isConnected = ({ install, compiled }: MarketplaceApp) =>
  isAuthenticated(install, needsConnection(compiled))

/** Which connect flow the user interface draws. */
const CONNECT_FLOWS = { bearer_token: 'form', apikey: 'form', oauth2: 'popup', none: 'none' } as const

const AuthResponse = builder.objectRef<MarketplaceApp>('AuthResponse').implement({
  description: 'How the app connects, and whether it is connected in this workspace.',
  fields: (t) => ({
    type: t.string({ resolve: ({ compiled }) => compiled.definition.auth.type }),
    form: t.field({
      type: 'JSON',
      description: 'Fields of the credential form, by name; empty where nothing is to be filled in.',
      resolve: ({ compiled }) => compiled.auth.form,
    }),
    category: t.string({
      description: 'Which flow to draw: form, popup or none.',
      resolve: ({ compiled }) => CONNECT_FLOWS[compiled.definition.auth.type],
    }),
    expiresAt: t.field({ type: 'Date', resolve: ({ install }) => install?.expiresAt }),
    authenticatedAt: t.field({
      type: 'Date',
      description: 'When the account was last connected.',
      resolve: ({ install }) => install?.authenticatedAt,
    }),
    isAuthenticated: t.boolean({ resolve: isConnected }),
    userInput: t.field({
      type: 'JSON',
      description: 'What the form held at the last connect, without secrets; fills the form again.',
      resolve: ({ install }) => install?.userInput ?? {},
    }),
    state: t.string({
      description: 'State of the install: installed, connected, error or suspended.',
      resolve: ({ install }) => install?.state,
    }),
    errorCode: t.string({ resolve: ({ install }) => install?.errorCode }),
    pendingRegistrations: t.int({
      description:
        'Registration requests that are still to be sent: under way while connected, to be retried after REGISTRATION_FAILED.',
      resolve: ({ install }) => install?.pendingRegistrations,
    }),
    accountName: t.string({
      description: 'Name of the connected account at the provider.',
      resolve: ({ install }) => install?.accountName,
    }),
    lastConnectError: t.field({
      type: 'JSON',
      description:
        'Why the last attempt to connect failed, or what ended the connection: { code, message, at }; null after a good one.',
      resolve: ({ install }) => install?.lastConnectError,
    }),
  }),
})

export const MiniAppGeneralInfo = builder.objectRef<MarketplaceApp>('MiniAppGeneralInfoResponse').implement({
  description: 'An app of the marketplace.',
  fields: (t) => ({
    ns: t.string({ resolve: ({ app }) => app.ns }),
    title: t.string({ resolve: ({ compiled }) => compiled.definition.title }),
    label: t.string({ resolve: ({ compiled }) => compiled.definition.label }),
    name: t.string({ resolve: ({ compiled }) => compiled.definition.name }),
    description: t.string({
      description: 'Markdown.',
      resolve: ({ compiled }) => compiled.definition.description,
    }),
    shortDescription: t.string({ resolve: ({ compiled }) => compiled.definition.shortDescription }),
    userGuide: t.string({ resolve: ({ compiled }) => asText(compiled.definition.userGuide) }),
    features: t.string({ resolve: ({ compiled }) => asText(compiled.definition.features) }),
    categories: t.stringList({ resolve: ({ compiled }) => [compiled.definition.category] }),
    category: t.string({ resolve: ({ compiled }) => compiled.definition.category }),
    screenShots: t.field({ type: 'JSON', resolve: ({ compiled }) => compiled.definition.screenShots }),
    icon: t.string({ resolve: ({ compiled }) => compiled.definition.icon }),
    logo: t.string({ resolve: ({ compiled }) => compiled.definition.logo }),
    docsUrl: t.string({ resolve: ({ compiled }) => compiled.definition.docsUrl }),
    youtubeId: t.string({ resolve: ({ compiled }) => compiled.definition.youtubeId }),
    price: t.field({ type: 'JSON', resolve: ({ compiled }) => compiled.definition.price }),
    version: t.string({
      description: 'The version that the install runs, else the published one.',
      resolve: ({ compiled }) => compiled.version,
    }),
    type: t.string({ resolve: ({ compiled }) => compiled.definition.type }),
    status: t.string({ resolve: ({ app }) => app.status }),
    installStatus: t.string({
      description: 'installed or not_installed.',
      resolve: ({ install }) => installStatusOf(install),
    }),
    installationCount: t.int({
      description: 'Workspaces that have it installed.',
      resolve: ({ installationCount }) => installationCount(),
    }),
    auth: t.field({ type: AuthResponse, resolve: (entry) => entry }),
    author: t.field({ type: 'JSON', resolve: ({ compiled }) => compiled.definition.author }),
  }),
})

function asText(value: unknown): string | undefined {
  return value === undefined || typeof value === 'string' ? value : JSON.stringify(value)
}

interface ActionOf {
  action: ActionDefinition
  compiled: CompiledDefinition
}

const ActionsResponse = builder.objectRef<ActionOf>('actionsResponse').implement({
  description: 'An action of an app.',
  fields: (t) => ({
    name: t.string({ resolve: ({ action }) => action.name }),
    title: t.string({ resolve: ({ action }) => action.title }),
    description: t.string({ resolve: ({ action }) => action.description }),
    form: t.field({
      type: 'JSON',
      description: 'The form, field by field, as panels draw it.',
      resolve: ({ action }) => formFields(action.parameters),
    }),
    parameters: t.field({
      type: 'JSON',
      description: "The author's JSON Schema of the input.",
      resolve: ({ action }) => action.parameters,
    }),
    requests: t.field({ type: 'JSON', resolve: ({ action }) => action.requests }),
    source: t.field({
      type: 'JSON',
      description: 'The dropdown sources of the app, by key.',
      resolve: ({ compiled }) => compiled.definition.source ?? {},
    }),
    renderStrategy: t.string({ resolve: ({ action }) => action.renderStrategy ?? 'auto' }),
  }),
})

export const MiniAppDetail = builder.objectRef<MarketplaceApp>('miniAppDetailResponse').implement({
  description: 'What an app does: its actions and its whole definition, without secrets.',
  fields: (t) => ({
    source: t.field({
      type: 'JSON',
      description: 'The definition document; values of auth.config that are secret are empty.',
      resolve: ({ compiled }) => publicDefinition(compiled.definition),
    }),
    actions: t.field({
      type: [ActionsResponse],
      resolve: ({ compiled }) => (compiled.definition.actions ?? []).map((action) => ({ action, compiled })),
    }),
    label: t.string({ resolve: ({ compiled }) => compiled.definition.label }),
    description: t.string({ resolve: ({ compiled }) => compiled.definition.description }),
    shortDescription: t.string({ resolve: ({ compiled }) => compiled.definition.shortDescription }),
    userGuide: t.string({ resolve: ({ compiled }) => asText(compiled.definition.userGuide) }),
    features: t.string({ resolve: ({ compiled }) => asText(compiled.definition.features) }),
    screenShots: t.field({ type: 'JSON', resolve: ({ compiled }) => compiled.definition.screenShots }),
    icon: t.string({ resolve: ({ compiled }) => compiled.definition.icon }),
    logo: t.string({ resolve: ({ compiled }) => compiled.definition.logo }),
    version: t.string({ resolve: ({ compiled }) => compiled.version }),
  }),
})

export const MiniAppRegistry = builder.objectRef<MarketplaceApp>('MiniAppRegistry').implement({
  description: 'An app in the registry.',
  fields: (t) => ({
    appId: t.string({ nullable: false, resolve: ({ app }) => app.appId }),
    key: t.string({ nullable: false, resolve: ({ app }) => app.ns }),
    ns: t.string({ resolve: ({ app }) => app.ns }),
    title: t.string({ nullable: false, resolve: ({ compiled }) => compiled.definition.title }),
    label: t.string({ resolve: ({ compiled }) => compiled.definition.label }),
    visibility: t.string({ resolve: ({ app }) => app.visibility }),
    ownerOrganizationId: t.string({ resolve: () => null }),
    publishedVersionId: t.string({ resolve: ({ app }) => app.publishedVersionId }),
    latestVersionId: t.string({ resolve: ({ app }) => app.latestVersionId }),
    publishedVersion: t.string({ resolve: ({ compiled }) => compiled.version }),
    versionCount: t.int({ resolve: ({ app }) => app.versionCount }),
    description: t.string({ resolve: ({ compiled }) => compiled.definition.description }),
    shortDescription: t.string({ resolve: ({ compiled }) => compiled.definition.shortDescription }),
    category: t.string({ resolve: ({ compiled }) => compiled.definition.category }),
    icon: t.string({ resolve: ({ compiled }) => compiled.definition.icon }),
    logo: t.string({ resolve: ({ compiled }) => compiled.definition.logo }),
    installationCount: t.int({ resolve: ({ installationCount }) => installationCount() }),
    status: t.string({ resolve: ({ app }) => app.status }),
  }),
})
