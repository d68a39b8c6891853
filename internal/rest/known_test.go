package rest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

// A credential of another call of the client is a secret too.
func TestOtherCredentialsAreNotShown(t *testing.T) {
	t.Parallel()
	api := testAPI()
	api.Credentials = map[string]auth.Credential{
		"":      auth.Bearer(auth.StaticToken("MARKER-bearer")),
		"basic": auth.Basic("user", auth.StaticToken("MARKER-password")),
	}
	withPassword := getThing
	withPassword.Credential = "basic"
	memory := newMemory(t, jsonStep(`{"id":"a1"}`), step{status: 403, body: `{"error":"MARKER-password of user, not MARKER-bearer"}`})
	c := newAPIClient(t, api, "https://things.example.org/v1", memory)
	if err := c.Do(t.Context(), &withPassword, callOf(&withPassword), nil); err != nil {
		t.Fatal(err)
	}
	err := c.Do(t.Context(), &getThing, callOf(&getThing), nil)
	text := fmt.Sprintf("%v %#v %s", err, err, failedWith(t, err).Body)
	if strings.Contains(text, "MARKER") || !strings.Contains(text, tenantkit.Redacted+" of user") {
		t.Errorf("got %s", text)
	}
}

func TestKnownCredentialsAreBounded(t *testing.T) {
	t.Parallel()
	var k known
	for i := range 3 * maxKnown {
		k.add(fmt.Sprint("old-", i))
	}
	k.add("last")
	k.add("last")
	if all := k.all(); len(all) != maxKnown || all[maxKnown-1] != "last" || all[maxKnown-2] != fmt.Sprint("old-", 3*maxKnown-1) {
		t.Errorf("got %v", all)
	}
}

// A deletion whose answer was lost is done when the service does not know the thing any more. A page of a gateway does not say that.
func TestDeletionThatMeetsAGateway(t *testing.T) {
	t.Parallel()
	page := step{status: 404, body: "<html>", header: http.Header{"Content-Type": {"text/html"}}}
	c := newAPIClient(t, testAPI(), "https://things.example.org/v1", newMemory(t, step{status: 500}, page), fastRetry())
	err := c.Do(t.Context(), &deleteThing, callOf(&deleteThing), nil)
	if failedWith(t, err).Outcome != tenantkit.OutcomeUnknown {
		t.Errorf("got %v", err)
	}
}
