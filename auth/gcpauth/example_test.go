package gcpauth_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/auth/gcpauth"
)

// A token for Worklytics, as a service account that the caller may impersonate.
func ExampleIDToken() {
	tokens := auth.Cache(gcpauth.IDToken(gcpauth.Options{
		Audience:       "https://app.worklytics.co",
		ServiceAccount: "worklytics-tenant-api@acme.iam.gserviceaccount.com",
		// So that the example runs without Google. A program leaves both out.
		Credentials: caller("of the caller"),
		Transport:   standIn,
	}))
	token, err := tokens.Token(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	claims, err := auth.ParseClaims(token.Value)
	fmt.Println(token.Value, claims.Audience, claims.Email, err)
	// Output: [redacted] [https://app.worklytics.co] worklytics-tenant-api@acme.iam.gserviceaccount.com <nil>
}

var standIn = roundTrip(func(req *http.Request) (*http.Response, error) {
	token, _ := idToken(map[string]any{
		"aud": "https://app.worklytics.co", "email": "worklytics-tenant-api@acme.iam.gserviceaccount.com",
	})
	return &http.Response{
		StatusCode: http.StatusOK, Request: req, Body: io.NopCloser(strings.NewReader(fmt.Sprintf(`{"token":%q}`, token))),
	}, nil
})
