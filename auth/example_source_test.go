package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

// A secret that is mounted as a file may be replaced while the program runs: each call reads it
// again.
func ExampleFile() {
	directory, err := os.MkdirTemp("", "auth")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(directory)
	path := filepath.Join(directory, "api-key")
	key := auth.File(path)

	_, err = key.Token(context.Background())
	fmt.Println("missing:", errors.Is(err, os.ErrNotExist))
	for _, content := range []string{"first-key\n", "the-key-after-it\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			fmt.Println(err)
			return
		}
		token, err := key.Token(context.Background())
		fmt.Println(token.Value, len(token.Value.Reveal()), "characters,", err)
	}
	// Output:
	// missing: true
	// [redacted] 9 characters, <nil>
	// [redacted] 16 characters, <nil>
}

// The variable is read when a call needs it, and not before.
func ExampleEnv() {
	key := auth.Env("EXAMPLE_API_KEY")
	_, err := key.Token(context.Background())
	fmt.Println(err)

	if err := os.Setenv("EXAMPLE_API_KEY", "just-an-example"); err != nil {
		fmt.Println(err)
		return
	}
	defer os.Unsetenv("EXAMPLE_API_KEY")
	token, err := key.Token(context.Background())
	fmt.Println(token.Value, err)
	// Output:
	// the environment variable EXAMPLE_API_KEY is not set, or empty
	// [redacted] <nil>
}

// A source of your own: a function, here one that asks two others in turn.
func ExampleTokenSourceFunc() {
	first, second := auth.Env("EXAMPLE_KEY_THAT_IS_NOT_SET"), auth.StaticToken("just-an-example")
	either := auth.TokenSourceFunc(func(ctx context.Context) (auth.Token, error) {
		token, err := first.Token(ctx)
		if err == nil {
			return token, nil
		}
		return second.Token(ctx)
	})
	token, err := either.Token(context.Background())
	fmt.Println(token.Value, len(token.Value.Reveal()), err)
	// Output: [redacted] 15 <nil>
}

// Any HTTP client with a credential of this package. The token is renewed, and the request sent
// again, when the server refuses it.
func ExampleTransport() {
	valid := "Bearer token-2" // the server has withdrawn token-1
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Authorization") != valid {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()

	fetched := 0
	tokens := auth.Cache(auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
		fetched++ // in a program: ask an issuer
		return auth.Token{Value: tenantkit.NewSecret(fmt.Sprintf("token-%d", fetched)), Expiry: time.Now().Add(time.Hour)}, nil
	}))
	client := &http.Client{Transport: auth.Transport(auth.Bearer(tokens), tenantkit.NewTransport())}
	defer client.CloseIdleConnections()

	resp, err := client.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status, "with token", fetched)
	// Output: 200 OK with token 2
}

// A credential on a request that a program sends by itself.
func ExampleBasic() {
	credential := auth.Basic("ada", auth.StaticToken("just-an-example"))
	req, err := http.NewRequest(http.MethodGet, "https://api.example.org/", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := credential.Authorize(context.Background(), req); err != nil {
		fmt.Println(err)
		return
	}
	user, _, ok := req.BasicAuth()
	fmt.Println(user, ok)
	// Output: ada true
}

// Two runs of a program share the refresh token by way of a file.
func ExampleFileStore() {
	directory, err := os.MkdirTemp("", "auth")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(directory)
	path := filepath.Join(directory, "refresh-token.json")

	_, err = auth.FileStore(path).Load(context.Background())
	fmt.Println("at first:", errors.Is(err, auth.ErrNoToken))
	if err := auth.FileStore(path).Save(context.Background(), auth.StoredToken{Token: auth.Token{Value: tenantkit.NewSecret("just-an-example")}}); err != nil {
		fmt.Println(err)
		return
	}
	stored, err := auth.FileStore(path).Load(context.Background())
	fmt.Println("then:", stored.Value, err)
	// Output:
	// at first: true
	// then: [redacted] <nil>
}

// A token that is not verified, only read: to plan, and to explain.
func ExampleParseClaims() {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "https://accounts.google.com", "email": "ci@acme.iam.gserviceaccount.com", "exp": 1700003600, "iat": 1700000000,
	}).SignedString([]byte("key"))
	if err != nil {
		fmt.Println(err)
		return
	}
	claims, err := auth.ParseClaims(tenantkit.NewSecret(token))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(claims.Email, "until", claims.Expiry.UTC(), "after", claims.Expiry.Sub(claims.IssuedAt))
	// Output: ci@acme.iam.gserviceaccount.com until 2023-11-14 23:13:20 +0000 UTC after 1h0m0s
}
