package awsauth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/auth/awsauth"
)

// No test reads the settings of who runs it, nor looks for a machine's role.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			must(os.Unsetenv(name))
		}
	}
	must(os.Setenv("AWS_CONFIG_FILE", os.DevNull))
	must(os.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull))
	must(os.Setenv("AWS_EC2_METADATA_DISABLED", "true"))
	goleak.VerifyTestMain(m)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

const (
	pool = "eu-west-1:6f0c24c0-93a2-4d1d-8a0e-1c9c7f0b7a11"
	user = "john@acme.com"
)

var options = auth.CognitoOptions{IdentityPoolID: pool, Provider: "intl.worklytics.co", User: user}

// cognito stands in for Amazon Cognito.
type cognito struct {
	*httptest.Server
	mu   sync.Mutex
	seen []string // target, the credential's scope, body
}

func newCognito(t *testing.T, respond http.HandlerFunc) *cognito {
	t.Helper()
	c := &cognito{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(body, &fields); err != nil {
			t.Error(err)
		}
		body, err = json.Marshal(fields) // in the order of names
		if err != nil {
			t.Error(err)
		}
		scope, _, _ := strings.Cut(req.Header.Get("Authorization"), ",")
		c.mu.Lock()
		c.seen = append(c.seen, req.Method+" "+req.URL.Path+" "+req.Header.Get("X-Amz-Target")+" "+scope+" "+string(body))
		c.mu.Unlock()
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		respond(w, req)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *cognito) requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.seen...)
}

// use leads to the stand-in, with credentials of its own.
func (c *cognito) use() []func(*config.LoadOptions) error {
	return []func(*config.LoadOptions) error{config.WithBaseEndpoint(c.URL), config.WithCredentialsProvider(keys("AKID"))}
}

type keys string

func (k keys) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: string(k), SecretAccessKey: "MARKER-of-the-key", SessionToken: "MARKER-of-the-session"}, nil
}

// developerToken makes a token as Cognito does for developer identities.
func developerToken() (token string, exp time.Time) {
	exp = time.Now().Add(15 * time.Minute).Truncate(time.Second)
	payload, err := json.Marshal(map[string]any{
		"iss": "https://cognito-identity.amazonaws.com", "aud": pool, "sub": "eu-west-1:77", "iat": time.Now().Unix(), "exp": exp.Unix(),
		"amr": []string{"authenticated", "intl.worklytics.co", "intl.worklytics.co:" + pool + ":" + user},
	})
	if err != nil {
		panic(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS512"}`)) + "." + encode(payload) + "." + encode([]byte("signature")), exp
}

func scope(key, region string) string {
	return "AWS4-HMAC-SHA256 Credential=" + key + "/" + time.Now().UTC().Format("20060102") + "/" + region + "/cognito-identity/aws4_request"
}

const target = "POST / AWSCognitoIdentityService.GetOpenIdTokenForDeveloperIdentity "

func TestCognitoToken(t *testing.T) {
	t.Parallel()
	want, exp := developerToken()
	tests := map[string]struct {
		change func(*auth.CognitoOptions)
		seen   string
	}{
		"documented": {
			func(*auth.CognitoOptions) {},
			target + scope("AKID", "eu-west-1") + ` {"IdentityPoolId":"` + pool + `","Logins":{"intl.worklytics.co":"john@acme.com"}}`,
		},
		"with region and duration": {
			func(o *auth.CognitoOptions) { o.Region, o.Duration = "us-east-1", time.Hour },
			target + scope("AKID", "us-east-1") + ` {"IdentityPoolId":"` + pool + `","Logins":{"intl.worklytics.co":"john@acme.com"},"TokenDuration":3600}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCognito(t, func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprintf(w, `{"IdentityId":"eu-west-1:77","Token":%q}`, want)
			})
			o := options
			test.change(&o)
			source := awsauth.CognitoToken(o, c.use()...)
			for range 2 {
				token, err := source.Token(t.Context())
				if err != nil || token.Value.Reveal() != want || !token.Expiry.Equal(exp) {
					t.Fatalf("got %q until %v, %v", token.Value.Reveal(), token.Expiry, err)
				}
				if err := auth.CheckIDToken(token.Value, "https://app.worklytics.co", user); err != nil {
					t.Error(err)
				}
			}
			if diff := cmp.Diff([]string{test.seen, test.seen}, c.requests()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestCognitoTokenByTheDefaultChain(t *testing.T) {
	want, _ := developerToken()
	c := newCognito(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"Token":%q}`, want) })
	t.Setenv("AWS_ACCESS_KEY_ID", "OFTHEENVIRONMENT")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_REGION", "ap-south-1") // the pool's region stands above it
	t.Setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY", c.URL)
	token, err := awsauth.CognitoToken(options).Token(t.Context())
	if err != nil || token.Value.Reveal() != want {
		t.Fatalf("got %q, %v", token.Value.Reveal(), err)
	}
	if got := c.requests(); len(got) != 1 || !strings.Contains(got[0], scope("OFTHEENVIRONMENT", "eu-west-1")) {
		t.Errorf("the requests are %q", got)
	}
}

func TestTokenThatIsNoJWT(t *testing.T) {
	t.Parallel()
	c := newCognito(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"Token":"opaque"}`) })
	token, err := awsauth.CognitoToken(options, c.use()...).Token(t.Context())
	if err != nil || token.Value != tenantkit.NewSecret("opaque") || !token.Expiry.IsZero() {
		t.Errorf("got %q until %v, %v", token.Value.Reveal(), token.Expiry, err)
	}
}

func TestCognitoTokenFails(t *testing.T) {
	t.Parallel()
	jwt, _ := developerToken()
	tests := map[string]struct {
		status int
		body   string
		says   string
	}{
		"not allowed": {400, `{"__type":"AccessDeniedException","Message":"User: arn:aws:iam::1:user/x is not authorized to perform: cognito-identity:GetOpenIdTokenForDeveloperIdentity"}`, "is not authorized to perform: cognito-identity:GetOpenIdTokenForDeveloperIdentity"},
		"echo":        {400, `{"__type":"NotAuthorizedException","message":"not good: ` + jwt + `"}`, "NotAuthorizedException: not good: [redacted]"},
		"long":        {400, `{"__type":"NotAuthorizedException","message":"` + strings.Repeat("word ", 1000) + `"}`, "word …"},
		"no JSON":     {200, "<html>" + jwt, "deserialization failed"},
		"no token":    {200, `{"IdentityId":"x"}`, "the answer holds none"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCognito(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			})
			_, err := awsauth.CognitoToken(options, c.use()...).Token(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), pool) {
				t.Fatalf("got %v", err)
			}
			if len(err.Error()) > 1200 {
				t.Errorf("the error is %d bytes long", len(err.Error()))
			}
			mustNotShow(t, err, "MARKER", jwt, "eyJ")
		})
	}
}

func mustNotShow(t *testing.T, err error, secrets ...string) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, secret := range secrets {
			if text := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(text, secret) {
				t.Errorf("the error shows a secret: %s", text)
			}
		}
	}
}

func TestConfigurationCannotBeLoaded(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	n := 0
	source := awsauth.CognitoToken(options, func(*config.LoadOptions) error { n++; return broken })
	for range 2 { // a failure is not kept
		if _, err := source.Token(t.Context()); err == nil || !strings.Contains(err.Error(), "broken") {
			t.Errorf("got %v", err)
		}
	}
	if n != 2 {
		t.Errorf("loaded %d times", n)
	}
}

func TestContextEnds(t *testing.T) {
	t.Parallel()
	asked, done := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(done) })
	c := newCognito(t, func(_ http.ResponseWriter, req *http.Request) {
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
	if _, err := awsauth.CognitoToken(options, c.use()...).Token(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	o := options
	o.Provider = "localhost:8080"
	_, err := awsauth.CognitoToken(o).Token(t.Context())
	var invalid *tenantkit.ValidationError
	if !errors.As(err, &invalid) || invalid.Field != "Provider" {
		t.Errorf("got %v", err)
	}
}
