package worklytics_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

// A setting can be given to a connection that came without any.
func TestModifyConnectionWithoutSettings(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"id":"7","integrationId":"gdirectory-psoxy"}`, `{"id":"7","integrationId":"gdirectory-psoxy","settings":null}`} {
		client, mock := mocked(t)
		respond(mock, http.StatusOK, jsonType, body)
		got, err := client.ModifyDataConnection(t.Context(), "7", func(c *worklytics.DataConnection) error {
			for key, value := range onAWS().Settings {
				c.Settings[key] = value
			}
			return nil
		})
		if err != nil || got.ID != "7" {
			t.Errorf("%s: got %v, %v", body, got, err)
		}
	}
}

func TestModifyDataConnection(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop")
	for _, test := range []struct {
		name   string
		change func(*worklytics.DataConnection) error
		puts   int
		fails  string
		is     error
	}{
		{name: "change", puts: 1, change: func(c *worklytics.DataConnection) error { c.Settings["a"] = "b"; return nil }},
		{name: "other form of the ID", puts: 1, change: func(c *worklytics.DataConnection) error { c.NumericID = false; return nil }},
		{name: "other setting", puts: 1, change: func(c *worklytics.DataConnection) error {
			c.OtherSettings = map[string]json.RawMessage{"n": raw("1")}
			return nil
		}},
		{name: "nothing", change: func(*worklytics.DataConnection) error { return nil }},
		{name: "there and back", change: func(c *worklytics.DataConnection) error {
			c.Settings["a"] = "b"
			delete(c.Settings, "a")
			return nil
		}},
		{name: "error", change: func(c *worklytics.DataConnection) error { c.Settings["a"] = "b"; return stop }, is: stop},
		{name: "other ID", change: func(c *worklytics.DataConnection) error { c.ID = "8"; return nil }, fails: "was changed from 4818059952914432 to 8"},
		{name: "cannot be sent", change: func(c *worklytics.DataConnection) error {
			c.OtherSettings = map[string]json.RawMessage{"n": raw("{")}
			return nil
		}, fails: "settings.n"},
		{name: "invalid", change: func(c *worklytics.DataConnection) error { delete(c.Settings, "PROXY_AWS_REGION"); return nil }, fails: "PROXY_AWS_REGION"},
		{name: "nil", fails: "change: must not be nil"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, mock := mocked(t)
			puts, gets := 0, 0
			mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodPut {
					puts++
				} else {
					gets++
				}
				return httpmock.NewStringResponse(200, testdata(t, "aws.json")), nil
			})
			got, err := client.ModifyDataConnection(t.Context(), "4818059952914432", test.change)
			switch {
			case test.is != nil && err != test.is:
				t.Errorf("got %v, want the error of the function as it is", err)
			case test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)):
				t.Errorf("got %v, want an error with %q", err, test.fails)
			case test.is == nil && test.fails == "" && (err != nil || got == nil || got.ID != "4818059952914432"):
				t.Errorf("got %v, %v", got, err)
			}
			if err != nil && got != nil {
				t.Error("an error came with a connection")
			}
			if puts != test.puts {
				t.Errorf("%d updates, want %d", puts, test.puts)
			}
			if test.change == nil && gets > 0 {
				t.Error("something was sent")
			}
		})
	}
}

// keyLocker records the keys that are locked.
type keyLocker struct {
	coord.Locker
	keys []string
}

func (l *keyLocker) Lock(ctx context.Context, key string) (context.Context, func() error, error) {
	l.keys = append(l.keys, key)
	return l.Locker.Lock(ctx, key)
}

// The lock is that of the client's locker. If it cannot be had, nothing is sent.
func TestModifyDataConnection_Lock(t *testing.T) {
	t.Parallel()
	locker := &keyLocker{Locker: coord.Local()}
	client, mock := mocked(t, tenantkit.WithLocker(locker))
	respond(mock, http.StatusOK, jsonType, testdata(t, "aws.json"))
	const id, key = "4818059952914432", "worklytics https://intl.worklytics.co:443 connection 4818059952914432"
	_, err := client.ModifyDataConnection(t.Context(), id, func(*worklytics.DataConnection) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := locker.Lock(ctx, key); err == nil {
			t.Error("the lock is not held")
		}
		return nil
	})
	if err != nil || locker.keys[0] != key {
		t.Errorf("got %v, locked %q", err, locker.keys)
	}
	_, unlock, err := locker.Lock(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unlock() }()
	before := mock.GetTotalCallCount()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.ModifyDataConnection(ctx, id, func(*worklytics.DataConnection) error { return nil })
	var failed *tenantkit.Error
	if !errors.As(err, &failed) || tenantkit.OutcomeOf(err) != tenantkit.OutcomeNotSent || mock.GetTotalCallCount() != before {
		t.Errorf("got %v", err)
	}
}
