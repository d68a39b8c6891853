package auth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/coord"
)

// A hundred goroutines need a token at once: one of them is asked for.
func ExampleCache() {
	fetches := 0
	tokens := auth.Cache(auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
		fetches++ // in a program: ask an issuer
		return auth.Token{Value: tenantkit.NewSecret("fresh"), Expiry: time.Now().Add(15 * time.Minute)}, nil
	}))

	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if _, err := tokens.Token(context.Background()); err != nil {
				fmt.Println(err)
			}
		})
	}
	wg.Wait()

	token, err := tokens.Token(context.Background())
	fmt.Println(token.Value, err, fetches)
	// Output: [redacted] <nil> 1
}

// A program of your own prints the token as a field of JSON.
func ExampleCommand() {
	command := auth.Command("echo", `{"auth": {"client_token": "hvs.secret"}}`)
	command.JSONPath = "auth.client_token"
	command.Timeout = 10 * time.Second

	token, err := auth.Cache(command).Token(context.Background())
	fmt.Println(token.Value, len(token.Value.Reveal()), err)
	// Output: [redacted] 10 <nil>
}

// A token for Worklytics, as a person who may impersonate the service account that was granted the
// role.
func ExampleGCloudIDToken() {
	source := auth.GCloudIDToken(auth.GCloudOptions{
		Audience:       "https://app.worklytics.co",
		ServiceAccount: "worklytics-tenant-api@acme.iam.gserviceaccount.com",
	})
	fmt.Println("runs", source.Name, strings.Join(source.Args, " "))
	// A program gives auth.Cache(source) to worklytics.NewClient.

	// Output:
	// runs gcloud auth print-identity-token --audiences=https://app.worklytics.co --impersonate-service-account=worklytics-tenant-api@acme.iam.gserviceaccount.com --include-email
}

// A token for Worklytics, of the user who was granted the role there.
func ExampleCognitoCLI() {
	source := auth.CognitoCLI(auth.CognitoOptions{
		IdentityPoolID: "eu-west-1:6f0c24c0-93a2-4d1d-8a0e-1c9c7f0b7a11",
		Provider:       "intl.worklytics.co",
		User:           "john@acme.com",
	})
	fmt.Println("runs", source.Name, strings.Join(source.Args, " "))
	fmt.Println("and takes", source.JSONPath)
	// Output:
	// runs aws cognito-identity get-open-id-token-for-developer-identity --identity-pool-id eu-west-1:6f0c24c0-93a2-4d1d-8a0e-1c9c7f0b7a11 --logins intl.worklytics.co=john@acme.com --region eu-west-1
	// and takes Token
}

// A service refuses a token with 403 and no word more: this reports why.
func ExampleCheckIDToken() {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "https://accounts.google.com",
		"aud": "https://app.worklytics.com",
		"exp": time.Now().Add(time.Hour).Unix(),
	}).SignedString([]byte("key"))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = auth.CheckIDToken(tenantkit.NewSecret(token), "https://app.worklytics.co", "api@acme.iam.gserviceaccount.com")
	fmt.Println(err)
	// Output:
	// auth: CheckIDToken: aud: the token is for ["https://app.worklytics.com"], not for "https://app.worklytics.co": ask for it with --audiences=https://app.worklytics.co
	// auth: CheckIDToken: email: the token does not say whose it is: add --include-email, beside --impersonate-service-account=api@acme.iam.gserviceaccount.com (of a metadata server: format=full)
}

// An issuer replaces the refresh token with each use. In a program the store is a FileStore, so
// that the login outlives the run.
func ExampleRefreshToken() {
	issued := 0
	exchange := func(_ context.Context, refresh tenantkit.Secret) (auth.Grant, error) {
		issued++ // in a program: send refresh to the issuer
		fmt.Println("exchange of", refresh.Reveal())
		return auth.Grant{
			Access:  auth.Token{Value: tenantkit.NewSecret("access"), Expiry: time.Now().Add(15 * time.Minute)},
			Refresh: auth.Token{Value: tenantkit.NewSecret(fmt.Sprintf("refresh-%d", issued))},
		}, nil
	}
	store := auth.MemoryStore()

	for run := range 2 {
		tokens := auth.Cache(auth.RefreshToken(auth.StaticToken("refresh-of-the-login"), store, exchange))
		for range 3 { // three calls, one exchange
			if _, err := tokens.Token(context.Background()); err != nil {
				fmt.Println(err)
			}
		}
		stored, err := store.Load(context.Background())
		fmt.Println("run", run+1, "leaves", stored.Value.Reveal(), err)
	}
	// Output:
	// exchange of refresh-of-the-login
	// run 1 leaves refresh-1 <nil>
	// exchange of refresh-1
	// run 2 leaves refresh-2 <nil>
}

// Replicas share a login: a directory for those of one machine, coord/postgres and others for those
// of several.
func ExampleTokenStoreIn() {
	path, err := os.MkdirTemp("", "login-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(path)
	dir := coord.Dir(path)
	exchange := func(_ context.Context, refresh tenantkit.Secret) (auth.Grant, error) {
		fmt.Println("exchange of", refresh.Reveal()) // in a program: send refresh to the issuer
		return auth.Grant{
			Access:  auth.Token{Value: tenantkit.NewSecret("access")},
			Refresh: auth.Token{Value: tenantkit.NewSecret(refresh.Reveal() + "'")},
		}, nil
	}
	for range 2 {
		replica := auth.RefreshToken(auth.StaticToken("login"), auth.TokenStoreIn(dir, dir, "infoworks login"), exchange)
		if _, err := replica.Token(context.Background()); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// exchange of login
	// exchange of login'
}

// Infoworks rejects a bearer token with 406. With the option, a request that was rejected is
// retried with a new token.
func ExampleWithRejected() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("server got", r.Header.Get("Authorization"))
		if r.Header.Get("Authorization") != "Bearer token-2" {
			w.WriteHeader(http.StatusNotAcceptable)
		}
	}))
	defer server.Close()
	fetches := 0
	tokens := auth.Cache(auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
		fetches++ // in a program: ask an issuer
		return auth.Token{Value: tenantkit.NewSecret(fmt.Sprintf("token-%d", fetches))}, nil
	}))
	client := http.Client{Transport: auth.Transport(auth.Bearer(tokens), server.Client().Transport, auth.WithRejected(func(resp *http.Response) bool {
		return resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusNotAcceptable
	}))}
	resp, err := client.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output:
	// server got Bearer token-1
	// server got Bearer token-2
	// 200 OK
}
