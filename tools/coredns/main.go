// Command coredns is CoreDNS with the plugins that the test cluster needs: the cluster's own names, and the Corefile of the
// conformance suite's UDP tests (forward, log, errors, whoami). The order of the directives is CoreDNS's own.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/log"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
	_ "github.com/coredns/coredns/plugin/whoami"
)

func init() {
	dnsserver.Directives = []string{"reload", "bind", "ready", "errors", "log", "kubernetes", "forward", "whoami"}
}

func main() { coremain.Run() }
