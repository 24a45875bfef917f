/** The public surface of the package. Inside it, modules import each other directly. */

export { actionDeclarations } from './action-declarations.ts'
export { type CompiledAction, type CompiledDefinition, compileDefinition } from './compile.ts'
export type { CompiledAuth } from './compile-auth.ts'
export type { AuthorizationValues, AuthUrlContext, CompiledAuthUrl } from './compile-auth-url.ts'
export type { ConnectFormOutcome, ReadConnectForm } from './compile-connect-form.ts'
export { configSecretsOf } from './compile-secrets.ts'
export type { CompiledSource } from './compile-source.ts'
export type { CompiledFunctionStep, CompiledHttpStep, CompiledStep } from './compile-step.ts'
export { type ActionInput, type ActionName, type ActionOutput, defineMiniApp } from './define-mini-app.ts'
export { CHANGE_CODES } from './diff/codes.ts'
export {
  type Change,
  type ChangeCode,
  type ChangeKind,
  type Diff,
  diffDefinitions,
  type Side,
} from './diff.ts'
export type {
  ActionDefinition,
  AuthDefinition,
  AuthRequest,
  DashboardApp,
  Definition,
  FieldRule,
  FormField,
  FunctionDefinition,
  FunctionStep,
  HttpStep,
  MappingEntry,
  PaginationDefinition,
  ParameterSchema,
  ResponseMapping,
  RuleObject,
  SourceDefinition,
  Step,
  SyncDefinition,
  TransformName,
  TriggerDefinition,
  WebhookDefinition,
} from './document.ts'
export {
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
  type FailureExplanation,
  MiniAppError,
  type MiniAppErrorOptions,
  type Party,
} from './errors.ts'
export { type Example, type Explanation, exampleOf } from './explanation.ts'
export { DefinitionError } from './expression/definition-error.ts'
export { encodeForm } from './expression/form.ts'
export { type CompiledHeaders, compileHeaders } from './expression/header.ts'
export { parseJson } from './expression/json.ts'
export {
  type CompiledRecordMapping,
  type CompiledResponseMapping,
  type ComputeCall,
  compileRecordMapping,
  compileResponseMapping,
  type MappingNote,
  type ResponseSource,
} from './expression/mapping.ts'
export { type CompiledPath, compilePath, PathError } from './expression/path.ts'
export { toE164 } from './expression/phone.ts'
export { type CompiledQuery, compileQuery, encodeQuery } from './expression/query.ts'
export {
  type Bags,
  type CredentialScope,
  createCredentialScope,
  createInputScope,
  type InputScope,
  type InputValues,
  type Scopes,
} from './expression/scope.ts'
export {
  type ParsedPlaceholder,
  type Place,
  type PlaceholderRef,
  parsePlaceholders,
} from './expression/template.ts'
export { type CompiledUrl, compileUrl, type UrlOptions } from './expression/url.ts'
export { type CompiledArgs, type CompiledValue, compileArgs, compileValue } from './expression/value.ts'
export { compileInput, type InputOutcome } from './input.ts'
export { labelOf } from './label.ts'
export {
  type CompiledHandler,
  type CompiledRecord,
  compileRecord,
  type MappedRecord,
  type Operation,
  type RecordOutcome,
} from './record/map-record.ts'
export { type BuildOptions, type BuiltRequest, buildRequest } from './request/build-request.ts'
export { canonicalHost, isDeclaredHost, withoutTrailingDot } from './request/declared-hosts.ts'
export { judgeResponse, type ReadResponse, readResponse } from './request/read-response.ts'
export {
  createRedactor,
  MIN_SECRET_CHARACTERS,
  REDACTED,
  type Redactor,
  redactStart,
} from './request/redact.ts'
export { retryAfterMs } from './request/retry-after.ts'
export { FINDING_CODES } from './rules/codes.ts'
export {
  type Effects,
  type FunctionCall,
  type FunctionResult,
  type IncomingResponse,
  type OutgoingRequest,
  type RedactedRequest,
  SendError,
  type SendFailure,
  type SendOptions,
} from './run/effects.ts'
export { createFunctionEngine, type FunctionEngine, type FunctionLimits } from './run/evaluate-function.ts'
export {
  FUNCTION_MEMORY_BYTES,
  FUNCTION_TIME_MS,
  type LimitFailure,
  limitFailure,
} from './run/evaluate-function-limits.ts'
export {
  explained,
  explainFailure,
  type FailedRun,
  type RunPart,
  UNEXPECTED,
} from './run/explain-failure.ts'
export { type OptionsOutcome, readOptions, type SourceOption } from './run/read-options.ts'
export {
  type AuthStepRecord,
  type ConnectContext,
  type ConnectOutcome,
  runAuthRequests,
} from './run/run-auth-requests.ts'
export {
  type RefreshContext,
  type RefreshOutcome,
  runRefresh,
  runRefusalCheck,
  sameTokens,
} from './run/run-refresh.ts'
export {
  mustUnregisterFirst,
  planRegistration,
  type Registered,
  type RegistrationContext,
  type RegistrationOutcome,
  type RegistrationPlan,
  registrationOutputsOf,
  runRegistrationRequest,
  runUnregistration,
  webhookSecretFor,
  withoutFormerSecret,
  withoutRegistration,
  withReplacedSecret,
} from './run/run-registration.ts'
export type { Renewal, RunContext, RunOptions } from './run/run-state.ts'
export { type RunOutcome, runSteps } from './run/run-steps.ts'
export type { StepRecord } from './run/step-record.ts'
export { type JsonSchema, jsonSchema } from './schema/json-schema.ts'
export { nearestName } from './schema/nearest-name.ts'
export { pointerSegments } from './schema/pointer.ts'
export {
  type Finding,
  type FindingCode,
  parseDefinition,
  type Severity,
  type SubmittedBy,
  type ValidateOptions,
  type ValidationLevel,
  validate,
} from './validate.ts'
export { type Bump, compareVersions, requiredVersion } from './version.ts'
export { checkVersionBump, type VersionFault } from './version-bump.ts'
export {
  compileEventExtraction,
  type ExtractEvent,
  MAX_EVENT_CHARACTERS,
} from './webhook/extract-event.ts'
export type { Delivery } from './webhook/read-part.ts'
