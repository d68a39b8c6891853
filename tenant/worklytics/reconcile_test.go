package worklytics_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

// bench is a fake service, a client of it, and a store.
type bench struct {
	t      *testing.T
	server *worklyticstest.Server
	client *worklytics.Client
	store  coord.Store
}

func newBench(t *testing.T) *bench {
	t.Helper()
	server := worklyticstest.Start(t)
	return &bench{t, server, served(t, server, server.BaseURL(), auth.StaticToken(server.GoogleToken(email, time.Hour))), coord.Memory()}
}

func (b *bench) reconcile(options worklytics.ReconcileOptions, desired ...worklytics.DesiredConnection) (worklytics.Changes, error) {
	b.t.Helper()
	return b.client.Reconcile(b.t.Context(), b.store, desired, options)
}

func (b *bench) created() int { return b.server.Applied("CreateDataConnection") }

func desired(name string, more ...string) worklytics.DesiredConnection {
	all := worklytics.GCPProxy{Endpoint: "https://psoxy.example/"}.Settings()
	for i := 0; i < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return worklytics.DesiredConnection{Name: name, IntegrationID: worklytics.IntegrationAsana, Settings: all}
}

// actions returns name and action of each connection, and marks those that are done or failed.
func actions(changes worklytics.Changes) (all []string) {
	for _, c := range changes.Connections {
		text := c.Name + " " + string(c.Action)
		if c.Done {
			text += " done"
		}
		if c.Err != nil {
			text += " failed"
		}
		all = append(all, text)
	}
	return all
}

func wantActions(t *testing.T, changes worklytics.Changes, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, actions(changes)); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
}

// failsWith checks the kind of an error of Reconcile.
func failsWith(t *testing.T, err error, outcome tenantkit.Outcome, part string) {
	t.Helper()
	var failed *tenantkit.Error
	if !errors.As(err, &failed) || failed.Operation != "Reconcile" || failed.Service != "worklytics" {
		t.Fatalf("got %v, want an Error of Reconcile", err)
	}
	if got := tenantkit.OutcomeOf(err); got != outcome || !strings.Contains(err.Error(), part) {
		t.Errorf("got %v, outcome %v; want %q, %v", err, got, part, outcome)
	}
}

func TestReconcile_CreatesOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	changes, err := b.reconcile(worklytics.ReconcileOptions{DryRun: true}, desired("a"), desired("b"))
	if err != nil {
		t.Fatal(err)
	}
	wantActions(t, changes, "a create", "b create")
	if n := len(b.server.Requests()); n != 0 {
		t.Errorf("a dry run sent %d requests", n)
	}
	if changes, err = b.reconcile(worklytics.ReconcileOptions{}, desired("a"), desired("b")); err != nil {
		t.Fatal(err)
	}
	wantActions(t, changes, "a create done", "b create done")
	if changes.Connections[0].ID == "" || changes.Connections[0].ID == changes.Connections[1].ID {
		t.Errorf("the IDs are %q, %q", changes.Connections[0].ID, changes.Connections[1].ID)
	}
	again, err := b.reconcile(worklytics.ReconcileOptions{}, desired("a"))
	if err != nil {
		t.Fatal(err)
	}
	wantActions(t, again, "a unchanged")
	if diff := cmp.Diff(map[string]string{"b": changes.Connections[1].ID}, again.Others); diff != "" {
		t.Errorf("others (-want +got):\n%s", diff)
	}
	if b.created() != 2 {
		t.Errorf("%d were created", b.created())
	}
}

func TestReconcile_MergesSettings(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	changes, err := b.reconcile(worklytics.ReconcileOptions{}, desired("a", "MINE", "1", "GONE", "1", "FLAG", "true"))
	if err != nil {
		t.Fatal(err)
	}
	id := changes.Connections[0].ID
	found, _ := b.server.DataConnection(id)
	found.Settings["THEIRS"], found.Settings["FLAG"], found.Settings["NUMBER"] = "x", true, json.Number("1.50")
	b.server.Add(found)
	next := desired("a", "MINE", "2", "FLAG", "true", "NUMBER", "2", "NEW", "3")
	if changes, err = b.reconcile(worklytics.ReconcileOptions{}, next); err != nil {
		t.Fatal(err)
	}
	wantActions(t, changes, "a update done")
	text := func(s string) *string { return &s }
	want := []worklytics.SettingChange{
		{Key: "GONE", Old: text("1")}, {Key: "MINE", Old: text("1"), New: text("2")}, {Key: "NEW", New: text("3")},
		{Key: "NUMBER", Old: text("1.50"), New: text("2")},
	}
	if diff := cmp.Diff(want, changes.Connections[0].Settings); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	got, _ := b.server.DataConnection(id)
	wantSettings := map[string]any{
		"PROXY_DEPLOYMENT_KIND": "GCP", "PROXY_ENDPOINT": "https://psoxy.example/",
		"MINE": "2", "FLAG": true, "NUMBER": "2", "NEW": "3", "THEIRS": "x",
	}
	if diff := cmp.Diff(wantSettings, got.Settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

// The outcome of a creation decides whether a further run creates again.
func TestReconcile_FailedCreation(t *testing.T) {
	t.Parallel()
	type fault = worklyticstest.Fault
	for _, test := range []struct {
		name    string
		fault   fault
		open    bool
		outcome tenantkit.Outcome
	}{
		{name: "rejected", fault: fault{Status: 403}, outcome: tenantkit.OutcomeRejected},
		{name: "500", fault: fault{Status: 500}, open: true},
		{name: "response lost", fault: fault{ResetAfter: true}, open: true},
		{name: "response garbled", fault: fault{Garbage: true}, open: true, outcome: tenantkit.OutcomeApplied},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.server.Fail("CreateDataConnection", test.fault)
			changes, err := b.reconcile(worklytics.ReconcileOptions{}, desired("a"))
			failsWith(t, err, test.outcome, "a: ")
			if errors.Is(changes.Connections[0].Err, worklytics.ErrCreationInterrupted) != test.open {
				t.Errorf("the error is %v", changes.Connections[0].Err)
			}
			made := len(b.server.DataConnections())
			changes, err = b.reconcile(worklytics.ReconcileOptions{}, desired("a"))
			if !test.open {
				wantActions(t, changes, "a create done")
				return
			}
			failsWith(t, err, tenantkit.OutcomeNotSent, "a: the creation was interrupted")
			wantActions(t, changes, "a blocked failed")
			if n := len(b.server.DataConnections()); n != made {
				t.Errorf("%d connections, want %d", n, made)
			}
			resolve := worklytics.ReconcileOptions{Forget: []string{"a"}}
			want := "a create done"
			if made > 0 {
				resolve, want = worklytics.ReconcileOptions{Adopt: map[string]string{"a": b.server.DataConnections()[0].ID}}, "a unchanged"
			}
			if changes, err = b.reconcile(resolve, desired("a")); err != nil {
				t.Fatal(err)
			}
			wantActions(t, changes, want)
			if n := len(b.server.DataConnections()); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	}
}

func TestReconcile_Blocked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	changes, err := b.reconcile(worklytics.ReconcileOptions{}, desired("gone"), desired("kind"))
	if err != nil {
		t.Fatal(err)
	}
	b.server.Remove(changes.Connections[0].ID)
	kind := desired("kind")
	kind.IntegrationID = "zoom-psoxy"
	changes, err = b.reconcile(worklytics.ReconcileOptions{}, desired("gone"), kind, desired("new"))
	wantActions(t, changes, "gone blocked failed", "kind blocked failed", "new create done")
	failsWith(t, err, tenantkit.OutcomeUnknown, "is of asana-psoxy, and zoom-psoxy is desired")
	if !errors.Is(changes.Connections[0].Err, tenantkit.ErrNotFound) {
		t.Errorf("got %v", changes.Connections[0].Err)
	}
	changes, err = b.reconcile(worklytics.ReconcileOptions{Forget: []string{"gone"}}, desired("gone"))
	if err != nil {
		t.Fatal(err)
	}
	wantActions(t, changes, "gone create done")
}

func TestReconcile_FailedUpdate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := b.reconcile(worklytics.ReconcileOptions{}, desired("a"), desired("b")); err != nil {
		t.Fatal(err)
	}
	b.server.Fail("UpdateDataConnection", worklyticstest.Fault{Status: 400})
	changes, err := b.reconcile(worklytics.ReconcileOptions{}, desired("a", "NEW", "x"), desired("b", "NEW", "x"))
	wantActions(t, changes, "a update failed", "b update done")
	failsWith(t, err, tenantkit.OutcomeUnknown, "400")
	changes, err = b.reconcile(worklytics.ReconcileOptions{}, desired("a", "NEW", "x"), desired("b", "NEW", "x"))
	if err != nil {
		t.Fatal(err)
	}
	wantActions(t, changes, "a update done", "b unchanged")
}

// hooked calls functions before a value is saved. It fails the save if one returns an error.
type hooked struct {
	coord.Store
	mu   sync.Mutex
	save func(n int, value string) error
	n    int
}

func (h *hooked) Save(ctx context.Context, key string, value []byte, version string) (string, error) {
	h.mu.Lock()
	h.n++
	err := h.save(h.n, string(value))
	h.mu.Unlock()
	if err != nil {
		return "", err
	}
	return h.Store.Save(ctx, key, value, version)
}

func TestReconcile_StoreFails(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left")
	for _, test := range []struct {
		name    string
		at      int
		made    int
		outcome tenantkit.Outcome
		says    string
	}{
		{"before the creation", 1, 0, tenantkit.OutcomeNotSent, "a: saving the record of the connections: no space left"},
		{"after it", 2, 1, tenantkit.OutcomeUnknown, "a: it was created with the ID 4818059952914432, which was not stored"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.store = &hooked{Store: b.store, save: func(n int, _ string) error {
				if n == test.at {
					return full
				}
				return nil
			}}
			_, err := b.reconcile(worklytics.ReconcileOptions{}, desired("a"))
			failsWith(t, err, test.outcome, test.says)
			if !errors.Is(err, full) || b.created() != test.made {
				t.Errorf("got %v; %d were created", err, b.created())
			}
			if test.made == 0 {
				return
			}
			changes, err := b.reconcile(worklytics.ReconcileOptions{}, desired("a"))
			wantActions(t, changes, "a blocked failed")
			failsWith(t, err, tenantkit.OutcomeNotSent, "interrupted")
		})
	}
}

// Another run that shares the store but no locker has begun to create the same connection.
func TestReconcile_StaleEntry(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other := newBench(t)
	memory := b.store
	b.store = &hooked{Store: memory, save: func(n int, value string) error {
		if n == 1 {
			_, err := memory.Save(t.Context(), key(b), []byte(strings.Replace(value, `"creating":"2`, `"creating":"1`, 1)), "")
			return err
		}
		return nil
	}}
	_, err := b.reconcile(worklytics.ReconcileOptions{}, desired("a"))
	failsWith(t, err, tenantkit.OutcomeNotSent, "changed by someone else")
	if !errors.Is(err, coord.ErrStale) || b.created()+other.created() != 0 {
		t.Errorf("got %v; %d were created", err, b.created())
	}
}

// key returns the store's key for the tenant.
func key(b *bench) string {
	return "worklytics " + b.server.URL() + " tenant " + worklyticstest.DefaultTenantID + " connections"
}

// Runs at the same time that share nothing but the store create each connection once, and lose
// none.
func TestReconcile_Concurrent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var all []worklytics.DesiredConnection
	for i := range 5 {
		all = append(all, desired(fmt.Sprintf("n%d", i)))
	}
	var group sync.WaitGroup
	for i := range 5 {
		client := served(t, b.server, b.server.BaseURL(), auth.StaticToken(b.server.GoogleToken(email, time.Hour)))
		mine := append(append([]worklytics.DesiredConnection{}, all[i:]...), all[:i]...)
		group.Go(func() {
			// It may fail, since others create what it was about to create.
			_, _ = client.Reconcile(t.Context(), b.store, mine, worklytics.ReconcileOptions{})
		})
	}
	group.Wait()
	changes, err := b.reconcile(worklytics.ReconcileOptions{}, all...)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(b.server.DataConnections()); n != len(all) || len(changes.Connections) != len(all) {
		t.Errorf("there are %d connections", n)
	}
}

// A run that is canceled during a creation finishes it, and does nothing more.
func TestReconcile_Canceled(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	b.server.OnRequest(func(worklyticstest.Request) { cancel(errors.New("shutting down")) })
	b.server.Fail("CreateDataConnection", worklyticstest.Fault{Delay: time.Millisecond})
	changes, err := b.client.Reconcile(ctx, b.store, []worklytics.DesiredConnection{desired("a"), desired("b")}, worklytics.ReconcileOptions{})
	failsWith(t, err, tenantkit.OutcomeUnknown, "stopped before b: context canceled (shutting down)")
	wantActions(t, changes, "a create done", "b create")
	if !errors.Is(err, context.Canceled) || b.created() != 1 {
		t.Errorf("got %v; %d were created", err, b.created())
	}
}

func TestReconcile_ServiceFails(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := b.reconcile(worklytics.ReconcileOptions{}, desired("a")); err != nil {
		t.Fatal(err)
	}
	b.server.Fail("GetDataConnection", worklyticstest.Fault{Status: 401, Times: -1})
	changes, err := b.reconcile(worklytics.ReconcileOptions{}, desired("a"), desired("b"))
	failsWith(t, err, tenantkit.OutcomeNotSent, "a: worklytics: GetDataConnection")
	if !errors.Is(err, tenantkit.ErrUnauthenticated) || b.created() != 1 || len(changes.Connections) != 2 {
		t.Errorf("got %v", err)
	}
}

func TestReconcile_Adopt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	theirs := b.server.Add(worklyticstest.DataConnection{IntegrationID: "asana-psoxy", Settings: map[string]any{"THEIRS": "x"}})
	adopt := func(name, id string) worklytics.ReconcileOptions {
		return worklytics.ReconcileOptions{DryRun: true, Adopt: map[string]string{name: id}}
	}
	changes, err := b.reconcile(adopt("a", theirs), desired("a"), desired("b"))
	if err != nil {
		t.Fatal(err)
	}
	wantActions(t, changes, "a update", "b create")
	if changes, err = b.reconcile(adopt("a", theirs), desired("a")); err != nil {
		t.Fatal(err)
	}
	wantActions(t, changes, "a update")
	other := b.server.Add(worklyticstest.DataConnection{IntegrationID: "zoom-psoxy", Settings: map[string]any{}})
	for _, test := range []struct{ name, id, says string }{
		{"b", theirs, "is that of a"},
		{"a", other, "it has the ID " + theirs + " already"},
		{"b", "1", "404 Not Found"},
		{"b", other, "is of zoom-psoxy, and asana-psoxy is desired"},
	} {
		_, err := b.reconcile(adopt(test.name, test.id), desired("a"), desired("b"))
		failsWith(t, err, tenantkit.OutcomeNotSent, test.says)
	}
	_, err = b.reconcile(worklytics.ReconcileOptions{Forget: []string{"nobody"}}, desired("a"))
	failsWith(t, err, tenantkit.OutcomeNotSent, "forget nobody: nothing is stored of it")
}

func TestReconcile_StoredValue(t *testing.T) {
	t.Parallel()
	for value, says := range map[string]string{
		`{`: "is not a record of connections", `[]`: "is not a record of connections", `{"version":2}`: "has version 2 instead of 1",
	} {
		b := newBench(t)
		if _, err := b.store.Save(t.Context(), key(b), []byte(value), ""); err != nil {
			t.Fatal(err)
		}
		_, err := b.reconcile(worklytics.ReconcileOptions{}, desired("a"))
		failsWith(t, err, tenantkit.OutcomeNotSent, says)
	}
	b := newBench(t)
	if _, err := b.reconcile(worklytics.ReconcileOptions{}, desired("a", "CLIENT_SECRET", "hunter2")); err != nil {
		t.Fatal(err)
	}
	value, _, err := b.store.Load(t.Context(), key(b))
	const want = `{"version":1,"connections":{"a":{"id":"4818059952914432","settings":["CLIENT_SECRET","PROXY_DEPLOYMENT_KIND","PROXY_ENDPOINT"]}}}`
	if diff := cmp.Diff(want, string(value)); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestReconcile_Input(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := []worklytics.DesiredConnection{desired("a")}
	var nobody *worklytics.Client
	var none context.Context
	incomplete := desired("b")
	delete(incomplete.Settings, "PROXY_ENDPOINT")
	for field, call := range map[string]func() error{
		"client": func() error {
			_, err := nobody.Reconcile(t.Context(), b.store, good, worklytics.ReconcileOptions{})
			return err
		},
		"ctx": func() error {
			_, err := b.client.Reconcile(none, b.store, good, worklytics.ReconcileOptions{})
			return err
		},
		"store": func() error {
			_, err := b.client.Reconcile(t.Context(), nil, good, worklytics.ReconcileOptions{})
			return err
		},
		"desired.0.Name": func() error { _, err := b.reconcile(worklytics.ReconcileOptions{}, desired("")); return err },
		"desired.1.Name": func() error {
			_, err := b.reconcile(worklytics.ReconcileOptions{}, desired("a"), desired("a"))
			return err
		},
		"settings.PROXY_ENDPOINT": func() error { _, err := b.reconcile(worklytics.ReconcileOptions{}, incomplete); return err },
		"options.Adopt": func() error {
			_, err := b.reconcile(worklytics.ReconcileOptions{Adopt: map[string]string{"x": "1"}}, good...)
			return err
		},
	} {
		var invalid *tenantkit.ValidationError
		err := call()
		if !errors.As(err, &invalid) || invalid.Field != field || tenantkit.OutcomeOf(err) != tenantkit.OutcomeNotSent {
			t.Errorf("%s: got %v", field, err)
			continue
		}
		want := &tenantkit.ValidationError{Service: "worklytics", Operation: "Reconcile", Field: field}
		if diff := cmp.Diff(want, invalid, cmpopts.IgnoreFields(tenantkit.ValidationError{}, "Reason")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if n := len(b.server.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
