// The pure core, for services of the platform's own tools: replaying, explaining, previewing.
export type { TimelessCondition } from './conditions.ts';
export { gatewayApiVersion } from './gateway-class.ts';
export { normalPrefix } from './http-match.ts';
export { placesOf, serversFor } from './ingress/ingress-places.ts';
export { tlsHosts } from './ingress/ingress-tls.ts';
export type { FactInput } from './inputs.ts';
export { refKey } from './keys.ts';
export type { IrLedger, LedgerEntry, StatusLedger } from './ledger.ts';
export { reasons } from './reasons.ts';
export { regexFault } from './regex.ts';
export type { SignOfLife } from './sign-of-life.ts';
export {
  type StatusOutput,
  transitionTimesOf,
  withoutTransitionTimes,
  withTransitionTimes,
} from './status.ts';
export { supportedFeatures } from './supported-features.ts';
export {
  createTranslator,
  type IrOutput,
  type StatusChanges,
  statusHash,
  type Translator,
  type TranslatorInput,
  type TranslatorOptions,
  type TranslatorOutput,
  translateFromScratch,
} from './translator.ts';
