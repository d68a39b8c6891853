package argo_test

import (
	"context"
	"errors"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/tenant/argo"
)

// Numbers that cannot be, and a client that is nil, are refused before anything is sent.
func TestRejectedBeforeSending(t *testing.T) {
	t.Parallel()
	client, mock := newMockClient(t)
	var none *argo.Client
	port := func(n int) error {
		_, err := client.CreateTenant(t.Context(), &argo.Tenant{Info: argo.Info{Name: "a"}, DBConf: []argo.DBConf{{}, {Port: n}}})
		return err
	}
	arrived := argo.AMSProject{MessagesArrived: -1}
	for name, test := range map[string]struct {
		err   error
		field string
	}{
		"negative port":       {port(-1), "db_conf.1.port"},
		"port without end":    {port(65536), "db_conf.1.port"},
		"negative messages":   {client.UpdateTenantStatus(t.Context(), "x", &argo.Status{AMS: argo.AMS{MetricData: arrived}}), "ams.metric_data.messages_arrived"},
		"negative messages 2": {client.UpdateTenantStatus(t.Context(), "x", &argo.Status{AMS: argo.AMS{SyncData: arrived}}), "ams.sync_data.messages_arrived"},
		"nil client":          {none.DeleteUser(t.Context(), "x", "y"), "client"},
		"nil client keeps":    {none.KeepStatus(t.Context(), "x", func(context.Context) error { return nil }), "client"},
		"nil client deletes":  {none.DeleteTenant(t.Context(), "x"), "client"},
	} {
		var invalid *tenantkit.ValidationError
		if !errors.As(test.err, &invalid) || invalid.Field != test.field {
			t.Errorf("%s: got %v, want a ValidationError of %s", name, test.err, test.field)
		}
	}
	if n := mock.GetTotalCallCount(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	none.CloseIdleConnections()
}
