/**
 * What is shown once the shop is ready: commands to try. `sluice up --notes` fills in addresses and ports.
 * @param certificate path of the certificate that `curl` is to trust
 */
export function notes(certificate: string): string {
  const web = '{origin:default/my-gateway}';
  const tls = '{port:443}';
  return `Try these in another terminal:

  curl -s ${web}/details/1
  curl -s ${web}/
  for i in 1 2 3 4 5 6 7 8; do curl -s ${web}/echo | cut -c1-20; done
  curl -s --cacert ${certificate} --resolve bookinfo.cilium.rocks:${tls}:{address:default/tls-gateway} https://bookinfo.cilium.rocks:${tls}/details/1

Then change a weight in examples/shop/manifests/routes.yaml, save, and run the loop again.
  bin/sluice status          is all well?
  bin/sluice get gateways    addresses and conditions
  bin/sluice log --follow    every change as an event
`;
}
