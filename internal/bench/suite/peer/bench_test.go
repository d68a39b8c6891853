package peer_test

import (
	"context"
	"testing"

	"github.com/tenantkit/tenantkit/internal/bench/suite/payload"
	"github.com/tenantkit/tenantkit/internal/bench/suite/peer"
)

func BenchmarkCalls(b *testing.B) {
	for _, contender := range peer.All() {
		calls, err := contender.Open("http://127.0.0.1", payload.Memory{})
		if err != nil {
			b.Fatal(err)
		}
		for _, work := range []struct {
			name string
			call func(context.Context) (any, error)
		}{{"tenant", calls.Tenant}, {"tenants", calls.Tenants}, {"projects", calls.Projects}, {"sinks", calls.Sinks}} {
			b.Run(work.name+"/"+contender.Name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := work.call(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
