// The closed table of what conditions may say: kind and type of condition → status → reasons. Gateway API v1.7.0;
// `HostnameConflict` and `ProtocolConflict` on Accepted and Programmed are the words of its conformance suite. Those of Services and Pods are our own.

/** Every condition that Sluice writes, with the reasons allowed for each status. */
export const reasons = {
  'GatewayClass.Accepted': { True: ['Accepted'], False: ['InvalidParameters'], Unknown: [] },
  'GatewayClass.SupportedVersion': { True: ['SupportedVersion'], False: [], Unknown: [] },
  'Gateway.Accepted': {
    True: ['Accepted', 'ListenersNotValid'],
    False: ['Invalid', 'InvalidParameters', 'UnsupportedAddress', 'ListenersNotValid'],
    Unknown: ['Pending'],
  },
  'Gateway.Programmed': {
    True: ['Programmed'],
    False: ['Invalid', 'Pending', 'AddressNotAssigned', 'AddressNotUsable'],
    Unknown: ['Pending'],
  },
  'Gateway.ResolvedRefs': { True: ['ResolvedRefs'], False: ['ListenersNotResolved'], Unknown: [] },
  'Listener.Accepted': {
    True: ['Accepted'],
    False: [
      'PortUnavailable',
      'UnsupportedProtocol',
      'UnsupportedValue',
      'HostnameConflict',
      'ProtocolConflict',
    ],
    Unknown: [],
  },
  'Listener.Conflicted': {
    True: ['HostnameConflict', 'ProtocolConflict'],
    False: ['NoConflicts'],
    Unknown: [],
  },
  'Listener.ResolvedRefs': {
    True: ['ResolvedRefs'],
    False: ['InvalidCertificateRef', 'InvalidRouteKinds', 'RefNotPermitted'],
    Unknown: [],
  },
  'Listener.Programmed': {
    True: ['Programmed'],
    False: ['Invalid', 'Pending', 'HostnameConflict', 'ProtocolConflict'],
    Unknown: [],
  },
  'ListenerSet.Accepted': {
    True: ['Accepted', 'ListenersNotValid'],
    False: ['Invalid', 'NotAllowed', 'ParentNotAccepted', 'ListenersNotValid'],
    Unknown: [],
  },
  'ListenerSet.Programmed': {
    True: ['Programmed'],
    False: ['Invalid', 'NotAllowed', 'ParentNotProgrammed', 'ListenersNotValid'],
    Unknown: [],
  },
  'Listener.OverlappingTLSConfig': { True: ['OverlappingHostnames'], False: [], Unknown: [] },
  'Route.Accepted': {
    True: ['Accepted'],
    False: [
      'NotAllowedByListeners',
      'NoMatchingListenerHostname',
      'NoMatchingParent',
      'HostnameConflict',
      'UnsupportedValue',
      'IncompatibleFilters',
    ],
    Unknown: ['Pending'],
  },
  'Route.ResolvedRefs': {
    True: ['ResolvedRefs'],
    False: ['RefNotPermitted', 'InvalidKind', 'BackendNotFound', 'UnsupportedProtocol'],
    Unknown: [],
  },
  'BackendTLSPolicy.Accepted': {
    True: ['Accepted'],
    False: ['Conflicted', 'NoValidCACertificate', 'Invalid'],
    Unknown: [],
  },
  'BackendTLSPolicy.ResolvedRefs': {
    True: ['ResolvedRefs'],
    False: ['InvalidCACertificateRef', 'InvalidKind'],
    Unknown: [],
  },
  'Service.sluice.dev/L7Accepted': {
    True: ['Accepted'],
    False: ['InvalidAnnotation', 'UnsupportedValue'],
    Unknown: [],
  },
  'Service.sluice.dev/L7Programmed': {
    True: ['Programmed'],
    False: ['Invalid', 'Pending', 'AddressNotAssigned', 'AddressNotUsable'],
    Unknown: [],
  },
  // Of Ingress and IngressClass, for which Kubernetes has no conditions: our own words.
  'Ingress.Accepted': {
    True: ['Accepted'],
    False: ['NoMatchingClass', 'UnsupportedValue'],
    Unknown: ['Pending'],
  },
  'Ingress.ResolvedRefs': {
    True: ['ResolvedRefs'],
    False: ['InvalidKind', 'BackendNotFound', 'UnsupportedProtocol', 'InvalidCertificateRef'],
    Unknown: [],
  },
  'Ingress.PartiallyInvalid': { True: ['InvalidAnnotation', 'UnsupportedValue'], False: [], Unknown: [] },
  'Ingress.Programmed': {
    True: ['Programmed'],
    False: ['Invalid', 'Pending', 'AddressNotAssigned', 'AddressNotUsable'],
    Unknown: [],
  },
  'Service.sluice.dev/L7PartiallyInvalid': { True: ['InvalidAnnotation'], False: [], Unknown: [] },
  'Service.sluice.dev/L4Programmed': {
    True: ['Programmed'],
    False: ['Pending', 'NotWritable', 'NoRoom', 'UnsupportedValue'],
    Unknown: [],
  },
  'Service.sluice.dev/L4Conflicted': { True: ['AddressTaken'], False: [], Unknown: [] },
  'Service.sluice.dev/L4PartiallyInvalid': {
    True: ['InvalidAnnotation', 'UnsupportedValue'],
    False: [],
    Unknown: [],
  },
  'Pod.sluice.dev/HostPortConflicted': { True: ['AddressTaken'], False: [], Unknown: [] },
  'Pod.sluice.dev/HostPortPartiallyInvalid': { True: ['UnsupportedValue'], False: [], Unknown: [] },
  'CiliumEnvoyConfig.Accepted': {
    True: ['Accepted', 'ResourcesNotValid'],
    False: ['Invalid', 'NotPermitted', 'Conflicted', 'UnsupportedValue'],
    Unknown: [],
  },
  'CiliumEnvoyConfig.ResolvedRefs': {
    True: ['ResolvedRefs'],
    False: [
      'ListenerNotFound',
      'RouteNotFound',
      'ClusterNotFound',
      'ServiceNotFound',
      'ServiceNotListed',
      'SecretNotFound',
      'RefNotPermitted',
    ],
    Unknown: [],
  },
  'CiliumEnvoyConfig.Programmed': {
    True: ['Programmed'],
    False: ['Invalid', 'Pending', 'AddressNotAssigned'],
    Unknown: [],
  },
  'CiliumEnvoyConfig.Conflicted': { True: ['ServiceTaken'], False: [], Unknown: [] },
  'IngressClass.Accepted': { True: ['Accepted'], False: ['InvalidParameters'], Unknown: [] },
  'IngressClass.Programmed': {
    True: ['Programmed'],
    False: ['Invalid', 'Pending', 'AddressNotAssigned', 'AddressNotUsable'],
    Unknown: [],
  },
  'IngressClass.PartiallyInvalid': { True: ['InvalidAnnotation'], False: [], Unknown: [] },
  'Route.PartiallyInvalid': { True: ['UnsupportedValue'], False: [], Unknown: [] },
} as const satisfies Readonly<
  Record<string, Readonly<Record<'True' | 'False' | 'Unknown', readonly string[]>>>
>;

export type ConditionId = keyof typeof reasons;
export type ConditionStatus = 'True' | 'False' | 'Unknown';
/** The reasons that a condition may give for a status. */
export type ReasonOf<C extends ConditionId, S extends ConditionStatus> = (typeof reasons)[C][S][number];
