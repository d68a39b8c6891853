package proof

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/fake"
)

// socketFault is a fault of real connections.
type socketFault struct {
	name      string
	inject    *fake.Fault
	tls       bool
	transport func(t *http.Transport, server *fake.Server)
	gone      bool // the server is closed
	unsent    bool // no request can arrive
	harmless  bool // the answer is whole
}

var socketFaults = []socketFault{
	{name: "connection refused", gone: true, unsent: true},
	{name: "name lookup fails", unsent: true, transport: func(t *http.Transport, _ *fake.Server) {
		resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no name server")
		}}
		dialer := &net.Dialer{Resolver: resolver}
		t.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, "gone.invalid:80")
		}
	}},
	{name: "certificate of an unknown authority", tls: true, unsent: true},
	{name: "reset before the request is read", inject: &fake.Fault{ResetUnread: true}},
	{name: "reset before the request is applied", inject: &fake.Fault{ResetBefore: true}},
	{name: "reset after the request is applied", inject: &fake.Fault{ResetAfter: true}},
	{name: "reset within the header", inject: &fake.Fault{ResetInHeader: true}},
	{name: "truncated body", inject: &fake.Fault{Truncate: true}},
	{name: "body longer than announced", inject: &fake.Fault{Overlong: true}, harmless: true},
	{name: "endless body", inject: &fake.Fault{Endless: true}},
	{name: "garbage", inject: &fake.Fault{Garbage: true}},
	{name: "reset over TLS", tls: true, inject: &fake.Fault{ResetAfter: true}, transport: trusting},
	{name: "truncated body over TLS", tls: true, inject: &fake.Fault{Truncate: true}, transport: trusting},
}

func trusting(t *http.Transport, server *fake.Server) {
	t.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
}

// TestFaultsOfConnections makes every operation meet the faults of real connections, on a
// connection that was in use before where the client has one: net/http must not send anything again
// by itself, and what the caller is told must be so.
func TestFaultsOfConnections(t *testing.T) {
	t.Parallel()
	for _, s := range services {
		for _, op := range s.operations {
			t.Run(s.name+"/"+op.Name, func(t *testing.T) {
				t.Parallel()
				for _, f := range socketFaults {
					for when, always := range map[string]bool{"once": false, "always": true} {
						t.Run(f.name+"/"+when, func(t *testing.T) { f.strike(t, s, op, always) })
					}
				}
			})
		}
	}
}

func (f socketFault) strike(t *testing.T, s service, op operation, always bool) {
	stand := s.start(serverOptions{call: op.Name, tls: f.tls})
	defer stand.server.Close()
	transport := tenantkit.NewTransport()
	if f.transport != nil {
		f.transport(transport, stand.server)
	}
	client := stand.connect(t, tenantkit.WithHTTPClient(&http.Client{Transport: transport}), tenantkit.WithMaxResponseBytes(1<<20),
		tenantkit.WithRetry(tenantkit.RetryPolicy{BaseDelay: time.Microsecond}))
	defer client.close()
	if f.inject != nil {
		inject := *f.inject
		if always {
			inject.Times = -1
		}
		stand.server.Fail(op.Name, inject)
	}
	if f.gone {
		stand.server.Close()
	}
	_, err := client.call(op.Name)(t.Context())
	stand.server.Close()
	applied, arrived := stand.server.Applied(op.Name), 0
	for _, request := range stand.server.Requests() {
		if request.Operation == op.Name {
			arrived++
		}
	}
	outcome := tenantkit.OutcomeOf(err)
	t.Logf("arrived %d times, applied %d times, told as %v: %v", arrived, applied, outcome, err)
	most := attempts
	if op.Class == tenantkit.Write || op.Class == tenantkit.Never {
		most = 1
	}
	switch {
	case arrived > most && op.Class != tenantkit.Read: // net/http repeats reads when a kept connection breaks
		t.Errorf("sent %d times, may be sent %d times", arrived, most)
	case f.unsent && (arrived > 0 || err == nil || outcome != tenantkit.OutcomeNotSent && op.Class != tenantkit.Read):
		t.Errorf("arrived %d times, told as %v: %v", arrived, outcome, err)
	case f.harmless && (err != nil || applied != 1):
		t.Errorf("applied %d times: %v", applied, err)
	case err == nil && applied == 0:
		t.Error("a call that was not applied succeeded")
	case err != nil && outcome == tenantkit.OutcomeApplied && applied == 0,
		err != nil && outcome == tenantkit.OutcomeRejected && applied > 0 && op.Class != tenantkit.Read,
		err != nil && outcome == tenantkit.OutcomeNotSent && arrived > 0:
		t.Errorf("arrived %d times, applied %d times, told as %v: %v", arrived, applied, outcome, err)
	case err != nil && errors.Is(err, os.ErrDeadlineExceeded):
		t.Errorf("it took too long: %v", err)
	}
}
