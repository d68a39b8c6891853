package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"

	"github.com/tenantkit/tenantkit/internal/bench/suite/payload"
	"github.com/tenantkit/tenantkit/internal/bench/suite/peer"
)

// A counter counts the connections that a server takes.
type counter struct {
	*httptest.Server
	opened atomic.Int64
}

func newCounter(handler http.Handler) *counter {
	c := &counter{Server: httptest.NewUnstartedServer(handler)}
	c.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			c.opened.Add(1)
		}
	}
	c.Start()
	return c
}

// connectionsWork counts the connections of 100 lists in chunks, one after the other.
func connectionsWork(ctx context.Context, r *report) error {
	details := table{title: "100 lists one after the other over HTTP/1.1, in chunks", head: []string{"contender", "connections"}}
	for i, contender := range peer.All() {
		server := newCounter(payload.Handler)
		calls, err := contender.Open(server.URL, server.Client().Transport)
		if err != nil {
			return &taskError{contender.Name, err}
		}
		for range 100 {
			if _, err := calls.Tenants(ctx); err != nil {
				return &taskError{contender.Name, err}
			}
		}
		server.Close()
		details.add(contender.Name, server.opened.Load())
		if i == peer.Hands {
			r.check("100 lists one after the other, in chunks", "1 connection", fmt.Sprint(server.opened.Load()), server.opened.Load() == 1)
		}
	}
	r.tables = append(r.tables, details)
	return nil
}
