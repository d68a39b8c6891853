package infoworks_test

import (
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
)

func TestCall_RenewsRejectedToken(t *testing.T) {
	t.Parallel()
	server := start(t)
	client := through(t, server, infoworks.Credentials{RefreshToken: auth.StaticToken(refreshToken)})
	var got struct{ Result []user }
	for range 2 {
		if err := client.Call(t.Context(), listUsers, tenantkit.CallParams{}, &got); err != nil {
			t.Fatal(err)
		}
		server.Blacklist(username)
	}
	wantAsked(t, server, 0, "AccessToken", "ListUsers", "ListUsers", "ValidateToken", "AccessToken", "ListUsers")
}

func TestCall_WithoutCredentials(t *testing.T) {
	t.Parallel()
	server := start(t)
	err := through(t, server, infoworks.Credentials{}).Call(t.Context(), listUsers, tenantkit.CallParams{}, nil)
	if failed, ok := err.(*tenantkit.Error); !ok || failed.Outcome != tenantkit.OutcomeNotSent || !strings.Contains(err.Error(), "without credentials") {
		t.Errorf("got %T %v, want a *tenantkit.Error of a call that was not sent", err, err)
	}
	wantAsked(t, server, 0)
}

func TestAccessToken_ErrorTypeAfterLostRegeneration(t *testing.T) {
	t.Parallel()
	server := start(t)
	client := through(t, server, infoworks.Credentials{RefreshToken: auth.StaticToken(refreshToken)})
	server.Fail("RegenerateRefreshToken", infoworkstest.Fault{ResetAfter: true})
	if err := client.RegenerateRefreshToken(t.Context()); tenantkit.OutcomeOf(err) != tenantkit.OutcomeUnknown {
		t.Fatalf("got %v, want an unknown outcome", err)
	}
	_, err := client.AccessToken(t.Context())
	if failed, ok := err.(*tenantkit.Error); !ok || !strings.Contains(failed.Error(), "has probably replaced it") {
		t.Errorf("got %T %v, want a *tenantkit.Error that names the regeneration", err, err)
	}
}
