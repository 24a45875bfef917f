/**
 * Terminology. The words of the document are the words of the code; nothing else is called an integration, connector or piece.
 *
 * - **definition**: one MiniApp JSON document. **ns**: its namespace, which never changes.
 * - **author** writes a definition; **operator** runs the platform and reviews submissions.
 * - **workspace** (also: tenant): one customer account. **install**: one MiniApp in one workspace.
 * - **provider**: the external service behind a MiniApp.
 * - **action**: something that can be run, a list of **steps** (`requests`). A step is an HTTP step or a function step.
 * - **App Function**: code of the definition that runs in a sandbox (`functions`).
 * - **source**: the options of a dropdown, read from the provider (`source.rpc_*`).
 * - **trigger**: an **event** of the provider that starts automations.
 * - **bags** of an install: `credentials` (secrets, never in a browser), `metadata` (who is connected), `userInput` (what may be
 *   shown of the connect form). **app config**: `auth.config` with the operator's overrides.
 * - **placeholder**: `{{key}}` reads input, outputs, `userInput`, `metadata`; `[[key]]` reads credentials, `metadata`, app config.
 * - **path**: where a value is in a payload (`$.data.id`). **mapping**: how outputs are read from a response.
 *   **rule**: how one field of a record is made. **transform**: what is done to a value on the way.
 * - **handler**: what an event does to records. **resource**: one kind of record that is imported in bulk.
 * - **panel**: a page beside the conversation (`dashboardApps`).
 */
import type { z } from 'zod'
import type { action, appFunction, functionStep, step } from './schema/action.ts'
import type { app } from './schema/app.ts'
import type { auth, formField } from './schema/auth.ts'
import type { dashboardApp } from './schema/dashboard.ts'
import type { pagination } from './schema/pagination.ts'
import type { authRequest, httpStep } from './schema/request.ts'
import type { source } from './schema/source.ts'
import type { sync } from './schema/sync.ts'
import type { trigger } from './schema/trigger.ts'
import type { webhook } from './schema/webhook.ts'

export type { FieldRule, MappingEntry, ResponseMapping, RuleObject, TransformName } from './schema/mapping.ts'
export type { ParameterSchema } from './schema/parameters.ts'

export type Definition = z.output<typeof app>
export type ActionDefinition = z.output<typeof action>
export type HttpStep = z.output<typeof httpStep>
export type FunctionStep = z.output<typeof functionStep>
export type Step = z.output<typeof step>
export type FunctionDefinition = z.output<typeof appFunction>
export type SourceDefinition = z.output<typeof source>
export type AuthDefinition = z.output<typeof auth>
/** Shape of an {@link HttpStep}, whose `mapping` may be absent. */
export type AuthRequest = z.output<typeof authRequest>
export type FormField = z.output<typeof formField>
export type TriggerDefinition = z.output<typeof trigger>
export type WebhookDefinition = z.output<typeof webhook>
export type SyncDefinition = z.output<typeof sync>
export type PaginationDefinition = z.output<typeof pagination>
export type DashboardApp = z.output<typeof dashboardApp>
