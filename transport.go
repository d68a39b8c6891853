package tenantkit

import (
	"net/http"
	"time"

	"github.com/hashicorp/go-cleanhttp"
)

// NewTransport returns a new transport with the settings that clients use when they are given no
// [WithHTTPClient]: kept connections for many concurrent calls, a limit on their number, and the
// proxy that the variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY name, as
// [http.ProxyFromEnvironment] reads them. Change what you need before its first use:
//
//	transport := tenantkit.NewTransport()
//	transport.TLSClientConfig = &tls.Config{RootCAs: pool}
//	client, err := argo.NewClient(url, key, tenantkit.WithHTTPClient(&http.Client{Transport: transport}))
func NewTransport() *http.Transport {
	t := cleanhttp.DefaultPooledTransport()
	// Above the time-out of any attempt: it is for calls that switched theirs off.
	t.ResponseHeaderTimeout = 10 * time.Minute
	// The idle bound equals the bound of all, so that a burst of calls leaves connections to
	// the next.
	t.MaxConnsPerHost = 128
	t.MaxIdleConnsPerHost = 128
	t.MaxIdleConns = 256
	return t
}
