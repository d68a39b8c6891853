package gcpauth_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	googleauth "cloud.google.com/go/auth"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/auth/gcpauth"
)

// No test reads the settings of who runs it.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "GOOGLE_") || strings.HasPrefix(name, "GCE_") || strings.HasPrefix(name, "CLOUDSDK_") {
			if err := os.Unsetenv(name); err != nil {
				panic(err)
			}
		}
	}
	goleak.VerifyTestMain(m)
}

const (
	audience = "https://app.worklytics.co"
	account  = "api@acme.iam.gserviceaccount.com"
)

// google stands in for all of Google's endpoints, whichever host a request is for.
type google struct {
	*httptest.Server
	mu      sync.Mutex
	seen    []string // method, host, path and query, Authorization, body
	respond func(w http.ResponseWriter, req *http.Request, body string)
}

func newGoogle(t *testing.T, respond func(http.ResponseWriter, *http.Request, string)) *google {
	t.Helper()
	g := &google{respond: respond}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		g.mu.Lock()
		g.seen = append(g.seen, strings.TrimSpace(fmt.Sprint(req.Method, " ", req.Header.Get("X-Meant-For"), req.URL.RequestURI(), " ",
			req.Header.Get("Authorization"), " ", string(body))))
		g.mu.Unlock()
		g.respond(w, req, string(body))
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *google) requests() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.seen...)
}

// transport leads every request to the stand-in.
func (g *google) transport(t *testing.T) http.RoundTripper {
	base := &http.Transport{}
	t.Cleanup(base.CloseIdleConnections)
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		sent := req.Clone(req.Context())
		sent.Header.Set("X-Meant-For", req.URL.Host)
		sent.URL.Scheme, sent.URL.Host = "http", strings.TrimPrefix(g.URL, "http://")
		return base.RoundTrip(sent)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// idToken makes an ID token that lives for ten minutes.
func idToken(claims map[string]any) (token string, exp time.Time) {
	exp = time.Now().Add(10 * time.Minute).Truncate(time.Second)
	claims["iss"], claims["iat"], claims["exp"] = "https://accounts.google.com", time.Now().Unix(), exp.Unix()
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode(payload) + "." + encode([]byte("signature")), exp
}

// caller is who impersonates, with an access token of the given text.
func caller(token string) *googleauth.Credentials {
	return googleauth.NewCredentials(&googleauth.CredentialsOptions{
		TokenProvider: provider(func(context.Context) (*googleauth.Token, error) {
			return &googleauth.Token{Value: token, Type: "Bearer", Expiry: time.Now().Add(time.Hour)}, nil
		}),
	})
}

type provider func(context.Context) (*googleauth.Token, error)

func (f provider) Token(ctx context.Context) (*googleauth.Token, error) { return f(ctx) }

// useCredentialsFile makes the Application Default Credentials a service account's key, whose
// tokens come from the stand-in.
func useCredentialsFile(t *testing.T, tokenURL string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "caller@acme.iam.gserviceaccount.com", "private_key_id": "1", "project_id": "acme",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": tokenURL,
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "credentials.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", path)
}

func wantToken(t *testing.T, source auth.TokenSource, value string, exp time.Time) {
	t.Helper()
	token, err := source.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if token.Value.Reveal() != value || !token.Expiry.Equal(exp) {
		t.Errorf("got %q until %v, want %q until %v", token.Value.Reveal(), token.Expiry, value, exp)
	}
}

func TestImpersonation(t *testing.T) {
	t.Parallel()
	want, exp := idToken(map[string]any{"aud": audience, "email": account})
	g := newGoogle(t, func(w http.ResponseWriter, _ *http.Request, _ string) { fmt.Fprintf(w, `{"token":%q}`, want) })
	source := gcpauth.IDToken(gcpauth.Options{
		Audience: audience, ServiceAccount: account, Delegates: []string{"middle@acme.iam.gserviceaccount.com"},
		Credentials: caller("of-the-caller"), Transport: g.transport(t),
	})
	wantToken(t, source, want, exp)
	if err := auth.CheckIDToken(tenantkit.NewSecret(want), audience, account); err != nil {
		t.Error(err)
	}
	wantToken(t, source, want, exp) // Google's library keeps it
	source.Invalidate(tenantkit.NewSecret("whatever"))
	wantToken(t, source, want, exp)

	const call = "POST iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/" + account + ":generateIdToken Bearer of-the-caller " +
		`{"audience":"https://app.worklytics.co","includeEmail":true,"delegates":["projects/-/serviceAccounts/middle@acme.iam.gserviceaccount.com"]}`
	if diff := cmp.Diff([]string{call, call}, g.requests()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestImpersonationByTheDefaultCredentials(t *testing.T) {
	want, exp := idToken(map[string]any{"aud": audience, "email": account})
	g := newGoogle(t, func(w http.ResponseWriter, req *http.Request, _ string) {
		w.Header().Set("Content-Type", "application/json")
		if req.URL.Path == "/token" {
			fmt.Fprint(w, `{"access_token":"of-the-key","token_type":"Bearer","expires_in":3600}`)
			return
		}
		fmt.Fprintf(w, `{"token":%q}`, want)
	})
	useCredentialsFile(t, g.URL+"/token")
	source := gcpauth.IDToken(gcpauth.Options{Audience: audience, ServiceAccount: account, Transport: g.transport(t)})
	wantToken(t, source, want, exp)
	requests := g.requests()
	if len(requests) != 2 || !strings.Contains(requests[1], ":generateIdToken Bearer of-the-key ") {
		t.Errorf("the requests are %q", requests)
	}
}

func TestServiceAccountKey(t *testing.T) {
	want, exp := idToken(map[string]any{"aud": audience, "email": "caller@acme.iam.gserviceaccount.com"})
	var asked auth.Claims
	g := newGoogle(t, func(w http.ResponseWriter, req *http.Request, body string) {
		_, assertion, _ := strings.Cut(body, "assertion=")
		assertion, _, _ = strings.Cut(assertion, "&")
		var err error
		if asked, err = auth.ParseClaims(tenantkit.NewSecret(assertion)); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id_token":%q}`, want)
	})
	useCredentialsFile(t, g.URL+"/token")
	wantToken(t, gcpauth.IDToken(gcpauth.Options{Audience: audience}), want, exp)
	if asked.Issuer != "caller@acme.iam.gserviceaccount.com" || asked.All["target_audience"] != audience {
		t.Errorf("Google was asked for %v", asked.All)
	}
}

func TestMetadataServer(t *testing.T) {
	want, exp := idToken(map[string]any{"aud": audience, "email": account})
	g := newGoogle(t, func(w http.ResponseWriter, req *http.Request, _ string) {
		if req.Header.Get("Metadata-Flavor") != "Google" {
			t.Error("the request has no Metadata-Flavor")
		}
		w.Header().Set("Metadata-Flavor", "Google")
		fmt.Fprint(w, want+"\n")
	})
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
	t.Setenv("HOME", t.TempDir())
	t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(g.URL, "http://"))
	wantToken(t, gcpauth.IDToken(gcpauth.Options{Audience: audience}), want, exp)
	call := "GET /computeMetadata/v1/instance/service-accounts/default/identity?audience=https%3A%2F%2Fapp.worklytics.co&format=full"
	if diff := cmp.Diff([]string{call}, g.requests()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestImpersonationFails(t *testing.T) {
	t.Parallel()
	jwt, _ := idToken(map[string]any{"sub": "MARKER"})
	tests := map[string]struct {
		status int
		body   string
		says   string
	}{
		"not allowed": {403, `{"error":{"code":403,"message":"Permission 'iam.serviceAccounts.getOpenIdToken' denied"}}`, "Permission 'iam.serviceAccounts.getOpenIdToken' denied"},
		"echo":        {401, "the token ya29.MARKER, and " + jwt + ", are not good", "the token [redacted], and [redacted], are not good"},
		"long":        {400, strings.Repeat("word ", 1000), "word …"},
		"no JSON":     {200, "<html>MARKER", "unable to parse response"},
		"no token":    {200, `{}`, "token must have 3 parts"},
		"blank token": {200, `{"token":" \n"}`, "token must have 3 parts"},
		"no JWT":      {200, `{"token":"MARKER"}`, "token must have 3 parts"},
		"no claims":   {200, `{"token":"MARKER.MARKER.MARKER"}`, "error decoding JWT token"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGoogle(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			})
			source := gcpauth.IDToken(gcpauth.Options{
				Audience: audience, ServiceAccount: account, Credentials: caller("ya29.MARKER"), Transport: g.transport(t),
			})
			_, err := source.Token(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "no ID token of "+account+" for "+audience) {
				t.Fatalf("got %v", err)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("the error is %d bytes long", len(err.Error()))
			}
			mustNotShow(t, err)
		})
	}
}

func TestServiceAccountKeyFails(t *testing.T) {
	g := newGoogle(t, func(w http.ResponseWriter, _ *http.Request, body string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		// A server that repeats what it was sent.
		fmt.Fprintf(w, `{"error":"invalid_grant","error_description":%q}`, "Invalid JWT: "+body)
	})
	useCredentialsFile(t, g.URL+"/token")
	_, err := gcpauth.IDToken(gcpauth.Options{Audience: audience}).Token(t.Context())
	if err == nil || !strings.Contains(err.Error(), "invalid_grant") || strings.Contains(err.Error(), "eyJ") {
		t.Errorf("got %v", err)
	}

	path := filepath.Join(t.TempDir(), "credentials.json")
	if err := os.WriteFile(path, []byte(`{"type":"service_account","private_key":"MARKER"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", path)
	for _, o := range []gcpauth.Options{{Audience: audience}, {Audience: audience, ServiceAccount: account}} {
		_, err := gcpauth.IDToken(o).Token(t.Context())
		if err == nil {
			t.Fatal("a key that is none is taken")
		}
		mustNotShow(t, err)
	}
}

func mustNotShow(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		if text := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(text, "MARKER") {
			t.Errorf("the error shows a secret: %s", text)
		}
	}
}

// The caller's token must not follow a redirect.
func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := newGoogle(t, func(w http.ResponseWriter, _ *http.Request, _ string) { fmt.Fprint(w, `{"token":"stolen"}`) })
	g := newGoogle(t, func(w http.ResponseWriter, req *http.Request, _ string) {
		http.Redirect(w, req, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	base := &http.Transport{}
	t.Cleanup(base.CloseIdleConnections)
	toGoogle := g.transport(t)
	source := gcpauth.IDToken(gcpauth.Options{
		Audience: audience, ServiceAccount: account, Credentials: caller("c"),
		Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Host, "googleapis.com") {
				return toGoogle.RoundTrip(req)
			}
			return base.RoundTrip(req)
		}),
	})
	if token, err := source.Token(t.Context()); err == nil {
		t.Errorf("got %q", token.Value.Reveal())
	}
	if got := elsewhere.requests(); len(got) > 0 {
		t.Errorf("the redirect was followed: %q", got)
	}
}

func TestContextEnds(t *testing.T) {
	t.Parallel()
	asked, done := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(done) })
	g := newGoogle(t, func(_ http.ResponseWriter, req *http.Request, _ string) {
		close(asked)
		select {
		case <-req.Context().Done():
		case <-done:
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	source := gcpauth.IDToken(gcpauth.Options{Audience: audience, ServiceAccount: account, Credentials: caller("c"), Transport: g.transport(t)})
	if _, err := source.Token(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		options gcpauth.Options
		field   string
	}{
		"no audience":                     {gcpauth.Options{}, "Audience"},
		"account without a host":          {gcpauth.Options{Audience: audience, ServiceAccount: "api"}, "ServiceAccount"},
		"account that leads elsewhere":    {gcpauth.Options{Audience: audience, ServiceAccount: "../../x@y"}, "ServiceAccount"},
		"delegate that is none":           {gcpauth.Options{Audience: audience, ServiceAccount: account, Delegates: []string{account, "x"}}, "Delegates[1]"},
		"delegates to nobody":             {gcpauth.Options{Audience: audience, Delegates: []string{account}}, "Delegates"},
		"credentials that act for nobody": {gcpauth.Options{Audience: audience, Credentials: caller("c")}, "Credentials"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := gcpauth.IDToken(test.options).Token(t.Context())
			var invalid *tenantkit.ValidationError
			if !errors.As(err, &invalid) || invalid.Field != test.field {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Under a cache a refused token is replaced, although Google's library would still give it.
func TestUnderACache(t *testing.T) {
	t.Parallel()
	n := 0
	g := newGoogle(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
		n++
		token, _ := idToken(map[string]any{"n": n})
		fmt.Fprintf(w, `{"token":%q}`, token)
	})
	cache := auth.Cache(gcpauth.IDToken(gcpauth.Options{
		Audience: audience, ServiceAccount: account, Credentials: caller("c"), Transport: g.transport(t),
	}))
	first, err := cache.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cache.Invalidate(first.Value)
	second, err := cache.Token(t.Context())
	if err != nil || second.Value == first.Value {
		t.Errorf("the refused token is given again, %v", err)
	}
}

// A source can be printed while it is used. The race detector finds what is wrong.
func TestFormat_WhileCallsRun(t *testing.T) {
	t.Parallel()
	value, _ := idToken(map[string]any{"aud": audience, "email": account})
	g := newGoogle(t, func(w http.ResponseWriter, _ *http.Request, _ string) { fmt.Fprintf(w, `{"token":%q}`, value) })
	source := gcpauth.IDToken(gcpauth.Options{
		Audience: audience, ServiceAccount: account, Credentials: caller("of-the-caller"), Transport: g.transport(t),
	})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if text := fmt.Sprintf("%v %+v %#v %s %d", source, source, source, source, source); strings.Contains(text, "of-the-caller") {
				t.Errorf("it prints %s", text)
			}
		}
	})
	for range 5 {
		token, err := source.Token(t.Context())
		if err != nil {
			t.Error(err)
		}
		source.Invalidate(token.Value)
	}
	close(stop)
	wg.Wait()
}
