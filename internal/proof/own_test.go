package proof

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/tenantkit/tenantkit"
)

// Each client calls an endpoint that it has no method for, and each fake serves one under its base
// URL, behind the credential of its API.
func TestCall_OfARouteOfTheUsersOwn(t *testing.T) {
	t.Parallel()
	for _, s := range services {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			stand := s.start(serverOptions{})
			defer stand.server.Close()
			stand.server.HandleFunc("GET /own/{thing}", func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = fmt.Fprintf(w, `{"thing":%q}`, r.PathValue("thing"))
			})
			client := stand.connect(t)
			defer client.close()
			caller := client.value.(interface {
				Call(context.Context, tenantkit.Operation, tenantkit.CallParams, any, ...tenantkit.Option) error
			})
			op := tenantkit.Operation{Name: "OwnThing", Method: "GET", Path: "/own/{thing}", Class: tenantkit.Read}
			var got struct{ Thing string }
			params := tenantkit.CallParams{Path: map[string]string{"thing": "a b"}}
			if err := caller.Call(t.Context(), op, params, &got); err != nil || got.Thing != "a b" {
				t.Errorf("got %+v, %v", got, err)
			}

			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, stand.baseURL+"/own/thing", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := stand.server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode < 400 || resp.StatusCode > 499 {
				t.Errorf("without a credential: %s %s, %v", resp.Status, body, err)
			}
		})
	}
}
