package peer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/bench/suite/payload"
	"github.com/tenantkit/tenantkit/internal/bench/suite/peer"
)

// All contenders read the same, in memory and over the wire.
func TestSameWork(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(payload.Handler)
	t.Cleanup(server.Close)
	for _, contender := range peer.All() {
		for wire, transport := range map[string]http.RoundTripper{"memory": payload.Memory{}, "loopback": server.Client().Transport} {
			t.Run(contender.Name+" by "+wire, func(t *testing.T) {
				t.Parallel()
				recorder := &keyed{next: transport}
				calls, err := contender.Open(server.URL, recorder)
				if err != nil {
					t.Fatal(err)
				}
				for _, work := range []struct {
					name string
					call func(context.Context) (any, error)
					text string
					list func(any) (any, error)
				}{
					{"tenant", calls.Tenant, payload.OneTenant, as[[]payload.Tenant]},
					{"tenants", calls.Tenants, payload.Tenants100, as[[]payload.Tenant]},
					{"projects", calls.Projects, payload.Projects100, as[[]payload.Project]},
					{"sinks", calls.Sinks, payload.Sinks100, as[[]payload.Sink]},
				} {
					got, err := work.call(t.Context())
					if err != nil {
						t.Fatalf("%s: %v", work.name, err)
					}
					gotList, err := work.list(got)
					if err != nil {
						t.Fatalf("%s: %v", work.name, err)
					}
					wantList, err := work.list(json.RawMessage(work.text))
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(wantList, gotList); diff != "" {
						t.Errorf("%s differs (-want +got):\n%s", work.name, diff)
					}
				}
				if recorder.without > 0 {
					t.Errorf("%d requests had no key", recorder.without)
				}
			})
		}
	}
}

// as returns what stands in an answer, without its envelope, in the plain shape.
func as[T any](answer any) (any, error) {
	var text []byte
	var err error
	switch answer := answer.(type) {
	case json.RawMessage:
		text = answer
	default:
		if text, err = tenantkit.Reveal(answer); err != nil {
			return nil, err
		}
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(text, &fields) == nil {
		switch {
		case fields["data"] != nil:
			text = fields["data"]
		case fields["Items"] != nil:
			text = fields["Items"]
		default:
			text = fmt.Appendf(nil, "[%s]", text)
		}
	}
	var list T
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	return normal(list), nil
}

// normal writes the values alike that the services write in several ways.
func normal(list any) any {
	if projects, ok := list.([]payload.Project); ok {
		for i := range projects {
			projects[i].CreatedByID = fmt.Sprint(projects[i].CreatedByID)
			projects[i].CreatedOn = instant(projects[i].CreatedOn)
			if projects[i].ExpiresOn != nil {
				*projects[i].ExpiresOn = instant(*projects[i].ExpiresOn)
			}
		}
	}
	return list
}

// keyed counts the requests that come without the key.
type keyed struct {
	next    http.RoundTripper
	without int
}

func (k *keyed) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("X-Api-Key") != peer.Key && req.Header.Get("X-Storageapi-Token") != peer.Key {
		k.without++
	}
	return k.next.RoundTrip(req)
}

func instant(text string) string {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return err.Error()
	}
	return at.UTC().Format(time.RFC3339Nano)
}
