/** Running actions, loading dropdowns, and the records that runs leave (10b section 2 and ours). */
import type { FailureExplanation } from 'miniapp'
import type { Actor } from '../action/actor.ts'
import { type ActionError, executeAction } from '../action/execute.ts'
import { loadOptions } from '../action/load-options.ts'
import {
  countRuns,
  findRun,
  type ListedRun,
  listRuns,
  type RunFilter,
  type RunStatus,
} from '../action/store.ts'
import { testRequest } from '../action/test-request.ts'
import { ApiError } from '../errors.ts'
import { formFields } from '../marketplace/form-fields.ts'
import type { MarketplaceApp } from '../marketplace/list-apps.ts'
import { visibleApp } from './app-operations.ts'
import { isConnected } from './app-types.ts'
import { builder } from './builder.ts'
import { type Page, PaginationInfo, pageArgs, readPage } from './pagination.ts'
import type { RequestContext } from './request-context.ts'

const actorOf = ({ caller, workspace }: RequestContext): Actor => ({
  workspaceId: caller.workspaceId,
  subdomain: workspace.subdomain,
  kind: 'token',
  id: caller.accountId,
})

function objectOf(value: unknown, argument: string): Record<string, unknown> {
  if (value === null || value === undefined) return {}
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>
  throw new ApiError('BAD_USER_INPUT', `${argument} must be an object with one member for each field.`)
}

builder.mutationField('executeMiniAppAction', (t) =>
  t.field({
    type: 'JSON',
    permission: 'executeMiniApps',
    description:
      'Runs an action with the connected account. Answers { requestId, actionName, success, data, error: { code, message, retryable, details } }. details.explanation says whose turn it is after a failure, what happened and what to do next.',
    args: {
      appNs: t.arg.string({ required: true }),
      actionName: t.arg.string({ required: true }),
      formInput: t.arg({ type: 'JSON' }),
    },
    resolve: (_root, { appNs, actionName, formInput }, request) =>
      executeAction(request.context, {
        actor: actorOf(request),
        appNs,
        actionName,
        formInput: objectOf(formInput, 'formInput'),
        requestId: request.requestId,
      }),
  }),
)

builder.queryField('miniAppsActionSources', (t) =>
  t.field({
    type: ['JSON'],
    permission: 'showMiniAppsConnections',
    description: 'The options of a dropdown: [{ value, label }]. Kept for a minute.',
    args: {
      miniAppNs: t.arg.string({ required: true }),
      sourceKey: t.arg.string({ required: true }),
      sourceRef: t.arg.string({ description: 'Picks another value field of the items.' }),
      params: t.arg({ type: 'JSON', description: 'Values of the parameters that the options depend on.' }),
    },
    resolve: (_root, { miniAppNs, sourceKey, sourceRef, params }, request) =>
      loadOptions(request.context, {
        actor: actorOf(request),
        miniAppNs,
        sourceKey,
        sourceRef: sourceRef ?? null,
        params: objectOf(params, 'params'),
        requestId: request.requestId,
      }),
  }),
)

builder.queryField('testMiniApiRequest', (t) =>
  t.field({
    type: 'JSON',
    permission: 'manageMiniApps',
    description:
      'Runs one request of an action of the installed version for real and shows what was sent (without secrets), what came back and what the mapping made of it. It has side effects; over HTTP GET it is refused.',
    args: {
      miniAppNs: t.arg.string({ required: true }),
      actionName: t.arg.string({ required: true }),
      request: t.arg({
        type: 'JSON',
        description: "Which of the action's requests, counted from 0; default 0.",
      }),
      formInput: t.arg({ type: 'JSON', description: 'Form input, and outputs of earlier requests by name.' }),
    },
    resolve: (_root, { miniAppNs, actionName, request: step, formInput }, request) => {
      if (request.httpMethod !== 'POST') {
        throw new ApiError('BAD_USER_INPUT', 'testMiniApiRequest has side effects: send it with POST.')
      }
      if (step !== null && step !== undefined && !(Number.isInteger(step) && Number(step) >= 0)) {
        throw new ApiError(
          'BAD_USER_INPUT',
          "request must be the number of one of the action's requests, counted from 0.",
        )
      }
      return testRequest(request.context, {
        actor: actorOf(request),
        miniAppNs,
        actionName,
        step: Number(step ?? 0),
        formInput: objectOf(formInput, 'formInput'),
      })
    },
  }),
)

interface DashboardConfig {
  entry: MarketplaceApp
  allowedActions: readonly string[] | undefined
}

const DashboardAction = builder
  .objectRef<{
    name: string
    title: string
    description?: string | undefined
    formSchema: string
    requiresInput: boolean
  }>('MiniAppDashboardAction')
  .implement({
    fields: (t) => ({
      name: t.exposeString('name', { nullable: false }),
      title: t.exposeString('title', { nullable: false }),
      description: t.exposeString('description'),
      formSchema: t.exposeString('formSchema', { description: 'The form as JSON text.' }),
      requiresInput: t.exposeBoolean('requiresInput', { nullable: false }),
    }),
  })

const DashboardConfigType = builder.objectRef<DashboardConfig>('MiniAppDashboardConfig').implement({
  description: 'What a panel of an app may do.',
  fields: (t) => ({
    appNs: t.string({ nullable: false, resolve: ({ entry }) => entry.app.ns }),
    appName: t.string({ nullable: false, resolve: ({ entry }) => entry.compiled.definition.title }),
    isAuthenticated: t.boolean({ nullable: false, resolve: ({ entry }) => isConnected(entry) }),
    actions: t.field({
      type: [DashboardAction],
      nullable: { list: false, items: false },
      resolve: ({ entry, allowedActions }) =>
        (entry.compiled.definition.actions ?? [])
          .filter(({ name }) => allowedActions?.includes(name) !== false)
          .map(({ name, title, description, parameters }) => ({
            name,
            title,
            description,
            formSchema: JSON.stringify(formFields(parameters)),
            requiresInput: (parameters?.required ?? []).length > 0,
          })),
    }),
  }),
})

builder.queryField('miniAppDashboardConfig', (t) =>
  t.field({
    type: DashboardConfigType,
    permission: 'showMiniAppsConnections',
    description: 'The actions of an app for a panel; also while the app is not connected.',
    args: {
      appNs: t.arg.string({ required: true }),
      allowedActions: t.arg.stringList({ description: 'Only these; without it all.' }),
    },
    resolve: async (_root, { appNs, allowedActions }, request) => ({
      entry: await visibleApp(request, appNs),
      allowedActions: allowedActions ?? undefined,
    }),
  }),
)

interface RunRecord {
  error: ActionError | null
}

const recordOf = (run: ListedRun): RunRecord | undefined =>
  'record' in run && typeof run.record === 'string' ? (JSON.parse(run.record) as RunRecord) : undefined

const explanationOf = (run: ListedRun): FailureExplanation | undefined =>
  recordOf(run)?.error?.details['explanation'] as FailureExplanation | undefined

const RunType = builder.objectRef<ListedRun>('MiniAppActionRun').implement({
  description: 'What one execution of an action left.',
  fields: (t) => ({
    _id: t.exposeString('id', { nullable: false }),
    createdAt: t.expose('createdAt', { type: 'Date', nullable: false, description: 'When it began.' }),
    ns: t.exposeString('ns', { nullable: false }),
    version: t.exposeString('version', {
      nullable: false,
      description: 'Version of the definition that ran.',
    }),
    action: t.exposeString('action', { nullable: false }),
    actorKind: t.exposeString('actorKind', { description: 'user, token, automation, panel or mcp.' }),
    actorId: t.exposeString('actorId'),
    status: t.exposeString('status', { nullable: false, description: 'succeeded or failed.' }),
    errorCode: t.exposeString('errorCode'),
    durationMs: t.exposeInt('durationMs', { nullable: false }),
    requestId: t.exposeString('requestId', { description: 'Finds its line in the server log.' }),
    party: t.string({
      description:
        'Whose turn it is after a failure: connection, provider, input, definition, limit or platform. Like what and next only in miniAppActionRun.',
      resolve: (run) => explanationOf(run)?.party ?? null,
    }),
    what: t.string({
      description: 'What happened, in one sentence.',
      resolve: (run) => explanationOf(run)?.what ?? null,
    }),
    next: t.string({ description: 'What to do next.', resolve: (run) => explanationOf(run)?.next ?? null }),
    record: t.field({
      type: 'JSON',
      description:
        'Steps with timing, attempts, request and response (first 4 KiB, without secrets), what the mapping found, and the error. Only in miniAppActionRun.',
      resolve: (run) => recordOf(run) ?? null,
    }),
  }),
})

const RunListResponse = builder.objectRef<Page<ListedRun>>('MiniAppActionRunListResponse').implement({
  fields: (t) => ({
    data: t.field({ type: [RunType], nullable: false, resolve: ({ data }) => data }),
    pagination: t.field({ type: PaginationInfo, nullable: false, resolve: ({ pagination }) => pagination }),
  }),
})

const RUN_STATUSES: readonly string[] = ['succeeded', 'failed'] satisfies RunStatus[]

builder.queryField('miniAppActionRuns', (t) =>
  t.field({
    type: RunListResponse,
    permission: 'showMiniAppsConnections',
    description: 'Executions of actions, newest first; kept for 30 days.',
    args: {
      ns: t.arg.string(),
      action: t.arg.string(),
      status: t.arg.string({ description: 'succeeded or failed.' }),
      ...pageArgs,
    },
    resolve: (_root, { ns, action, status, ...page }, { context, caller }) => {
      if (status && !RUN_STATUSES.includes(status)) {
        throw new ApiError('BAD_USER_INPUT', `status must be one of ${RUN_STATUSES.join(', ')}.`)
      }
      const filter: RunFilter = {
        workspaceId: caller.workspaceId,
        ...(ns && { ns }),
        ...(action && { action }),
        ...(status && { status: status as RunStatus }),
      }
      return readPage(page, {
        name: 'miniAppActionRuns',
        list: (range) => listRuns(context.db, filter, range),
        count: () => countRuns(context.db, filter),
      })
    },
  }),
)

builder.queryField('miniAppActionRun', (t) =>
  t.field({
    type: RunType,
    permission: 'showMiniAppsConnections',
    description: 'One execution, with its record.',
    args: { _id: t.arg.string({ required: true }) },
    resolve: async (_root, { _id }, { context, caller }) => {
      const run = await findRun(context.db, { workspaceId: caller.workspaceId, id: _id })
      if (!run)
        throw new ApiError('NOT_FOUND', 'There is no such run in this workspace, or its 30 days are over.')
      return run
    },
  }),
)
