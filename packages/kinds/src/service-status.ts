// What of a Service's status is read: the addresses at which a load balancer takes its clients (core/v1 LoadBalancerStatus).

/**
 * The addresses with which packets come to the nodes as they were sent; undefined where there is none. Those with `ipMode`
 * Proxy are the load balancer's own to serve (KEP-1860), and names are nobody's to catch.
 */
export function loadBalancerStatus(
  status: unknown,
): { loadBalancer: { ingress: { ip: string }[] } } | undefined {
  const given = fieldOf(fieldOf(status, 'loadBalancer'), 'ingress');
  const ingress = (Array.isArray(given) ? given : []).flatMap((item: unknown) => {
    const ip = fieldOf(item, 'ip');
    return typeof ip === 'string' && ip !== '' && fieldOf(item, 'ipMode') !== 'Proxy' ? [{ ip }] : [];
  });
  return ingress.length === 0 ? undefined : { loadBalancer: { ingress } };
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, field)
    ? (value as Record<string, unknown>)[field]
    : undefined;
}
