package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

// rotating is a source that has another token after each refusal, as long as it has any.
type rotating struct {
	mu        sync.Mutex
	tokens    []string
	rejection []tenantkit.Secret
	err       error // of the renewal
}

func (r *rotating) Token(context.Context) (auth.Token, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.rejection) > 0 && r.err != nil {
		return auth.Token{}, r.err
	}
	return auth.Token{Value: tenantkit.NewSecret(r.tokens[0])}, nil
}

func (r *rotating) Invalidate(rejection tenantkit.Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rejection = append(r.rejection, rejection)
	if rejection.Reveal() == r.tokens[0] && len(r.tokens) > 1 {
		r.tokens = r.tokens[1:]
	}
}

// accepts answers 401 to all but the given key.
func accepts(key string) func(header string) respond {
	return func(header string) respond {
		return func(_ int64, req *http.Request) step {
			if req.Header.Get(header) != key {
				return errorStep(401, "")
			}
			return jsonStep(`{"id":"a1"}`)
		}
	}
}

func TestRenewal(t *testing.T) {
	t.Parallel()
	kinds := []struct {
		name, header, good string
		credential         func(auth.TokenSource) auth.Credential
	}{
		{"APIKey", "X-Api-Key", "new-token", func(s auth.TokenSource) auth.Credential { return auth.APIKey("x-api-key", s) }},
		{"Bearer", "Authorization", "Bearer new-token", auth.Bearer},
		{"RawBasic", "Authorization", "Basic new-token", auth.RawBasic},
		{"Basic", "Authorization", "Basic dTpuZXctdG9rZW4=", func(s auth.TokenSource) auth.Credential { return auth.Basic("u", s) }},
	}
	for _, kind := range kinds {
		for _, class := range classes {
			for _, op := range class.ops {
				for _, policy := range []tenantkit.RetryPolicy{{}, tenantkit.NoRetry()} {
					t.Run(fmt.Sprintf("%s/%s/%d", kind.name, op.Name, policy.MaxAttempts), func(t *testing.T) {
						t.Parallel()
						virtual(t, func(t *testing.T) {
							source := &rotating{tokens: []string{"old-token", "new-token"}}
							server, requests := accepts(kind.good)(kind.header).start(t)
							c := newAPIClient(t, API{Credentials: map[string]auth.Credential{"": kind.credential(source)}}, testURL, server, tenantkit.WithRetry(policy))
							started := time.Now()
							if err := c.Do(t.Context(), op, callOf(op), nil); err != nil {
								t.Fatal(err)
							}
							if n := requests.Load(); n != 2 || time.Since(started) != 0 {
								t.Errorf("%d requests in %v, want 2 at once", n, time.Since(started))
							}
							if !slices.Equal(source.rejection, []tenantkit.Secret{tenantkit.NewSecret("old-token")}) {
								t.Errorf("the source was told of %q", reveal(source.rejection))
							}
						})
					})
				}
			}
		}
	}
}

func reveal(secrets []tenantkit.Secret) []string {
	var texts []string
	for _, s := range secrets {
		texts = append(texts, s.Reveal())
	}
	return texts
}

// A renewed credential that is refused as well ends the call: one renewal, not a loop.
func TestRenewalOnce(t *testing.T) {
	t.Parallel()
	source := &rotating{tokens: []string{"one-1", "two-2", "three-3", "four-4"}}
	server := newMemory(t, errorStep(401, ""))
	c := newAPIClient(t, API{Credentials: map[string]auth.Credential{"": auth.Bearer(source)}}, testURL, server)
	err := c.Do(t.Context(), &getThing, callOf(&getThing), nil)
	failed := failedWith(t, err)
	wantSentinels(t, err, tenantkit.ErrUnauthenticated)
	if n := len(server.sent()); n != 2 || failed.Attempts != 2 || failed.Outcome != rejected {
		t.Errorf("%d requests, error %+v", n, failed)
	}
	if got := server.sent()[1].Header.Get("Authorization"); got != "Bearer two-2" {
		t.Errorf("second credential = %q", got)
	}
}

// The same credential is not sent twice to a server that has refused it.
func TestNoRenewal(t *testing.T) {
	t.Parallel()
	failing := errors.New("the vault is closed")
	credentials := map[string]struct {
		credential auth.Credential
		err        error
	}{
		"none":                      {nil, nil},
		"static":                    {auth.Bearer(auth.StaticToken("token")), nil},
		"invalidated, nothing new":  {auth.Bearer(&rotating{tokens: []string{"token"}}), nil},
		"renewal fails":             {auth.Bearer(&rotating{tokens: []string{"token"}, err: failing}), failing},
		"not of this module":        {credentialFunc(func(req *http.Request) { req.Header.Set("X-Own", "1") }), nil},
		"adds nothing to a request": {credentialFunc(func(*http.Request) {}), nil},
	}
	for name, tt := range credentials {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newMemory(t, errorStep(401, ""), jsonStep(`{}`))
			c := newAPIClient(t, API{Credentials: map[string]auth.Credential{"": tt.credential}}, testURL, server)
			err := c.Do(t.Context(), &createThing, callOf(&createThing), nil)
			wantSentinels(t, err, tenantkit.ErrUnauthenticated)
			failed := failedWith(t, err)
			if n := len(server.sent()); n != 1 || failed.Attempts != 1 || failed.Outcome != rejected || failed.StatusCode != 401 {
				t.Errorf("%d requests, error %+v", n, failed)
			}
			if tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("the failure of the renewal is not in %v", err)
			}
		})
	}
}

type credentialFunc func(*http.Request)

func (f credentialFunc) Authorize(_ context.Context, req *http.Request) error {
	f(req)
	return nil
}

// A cookie jar adds to the request that was refused; that does not make the credential a new one.
func TestNoRenewalByCookies(t *testing.T) {
	t.Parallel()
	server := newMemory(t, step{status: 401, header: http.Header{"Set-Cookie": {"session=abc"}}}, errorStep(401, ""))
	c := newTestClient(t, nil, tenantkit.WithHTTPClient(&http.Client{Transport: server, Jar: jar{}}))
	wantSentinels(t, c.Do(t.Context(), &getThing, callOf(&getThing), nil), tenantkit.ErrUnauthenticated)
	if n := len(server.sent()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

type jar struct{}

func (jar) SetCookies(*url.URL, []*http.Cookie) {}
func (jar) Cookies(*url.URL) []*http.Cookie     { return []*http.Cookie{{Name: "session", Value: "abc"}} }

// A source may change its token by itself: then the refusal of the old one is reason enough to try
// the new one.
func TestRenewalOfAChangingSource(t *testing.T) {
	t.Parallel()
	var asked int
	source := auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
		asked++
		return auth.Token{Value: tenantkit.NewSecret(fmt.Sprint("token-", min(asked, 2)))}, nil
	})
	server, requests := accepts("Bearer token-2")("Authorization").start(t)
	c := newAPIClient(t, API{Credentials: map[string]auth.Credential{"": auth.Bearer(source)}}, testURL, server, tenantkit.WithRetry(tenantkit.NoRetry()))
	if err := c.Do(t.Context(), &createThing, callOf(&createThing), nil); err != nil || requests.Load() != 2 {
		t.Errorf("err = %v after %d requests", err, requests.Load())
	}
}

// A service may say in its own words that a credential was refused.
func TestRenewalByTheServicesWords(t *testing.T) {
	t.Parallel()
	api := func(source auth.TokenSource) API {
		return API{
			Credentials: map[string]auth.Credential{"": auth.Bearer(source)},
			ReadError: func(failed *tenantkit.Error, body []byte) {
				if bytes.Contains(body, []byte("IW10031")) {
					failed.Code, failed.Err = "IW10031", tenantkit.ErrUnauthenticated
				}
			},
			CredentialRejected: func(failed *tenantkit.Error) bool {
				return failed.StatusCode == 401 || failed.StatusCode == 406 && failed.Code == "IW10031"
			},
		}
	}
	expired := step{status: 406, body: `{"code":"IW10031"}`}
	t.Run("renewed", func(t *testing.T) {
		t.Parallel()
		server := newMemory(t, expired, jsonStep(`{}`))
		c := newAPIClient(t, api(&rotating{tokens: []string{"old-token", "new-token"}}), testURL, server)
		if err := c.Do(t.Context(), &createThing, callOf(&createThing), nil); err != nil || len(server.sent()) != 2 {
			t.Errorf("err = %v after %d requests", err, len(server.sent()))
		}
	})
	t.Run("another 406", func(t *testing.T) {
		t.Parallel()
		server := newMemory(t, errorStep(406, ""))
		c := newAPIClient(t, api(&rotating{tokens: []string{"old-token", "new-token"}}), testURL, server)
		err := c.Do(t.Context(), &createThing, callOf(&createThing), nil)
		wantSentinels(t, err)
		if len(server.sent()) != 1 {
			t.Errorf("err = %v after %d requests", err, len(server.sent()))
		}
	})
	t.Run("refused again", func(t *testing.T) {
		t.Parallel()
		c := newAPIClient(t, api(&rotating{tokens: []string{"token"}}), testURL, newMemory(t, expired))
		wantSentinels(t, c.Do(t.Context(), &createThing, callOf(&createThing), nil), tenantkit.ErrUnauthenticated)
	})
}

// The renewal stands beside the policy: failures before and after it are repeated as ever.
func TestRenewalAmongFailures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		steps    []step
		policy   tenantkit.RetryPolicy
		attempts int
		want     []error
	}{
		"failure, refusal, success":             {[]step{errorStep(503, ""), errorStep(401, ""), {}}, tenantkit.RetryPolicy{}, 3, nil},
		"refusal, failure, success":             {[]step{errorStep(401, ""), errorStep(503, ""), {}}, tenantkit.RetryPolicy{}, 3, nil},
		"refusal as last attempt":               {[]step{errorStep(503, ""), errorStep(401, ""), {}}, tenantkit.RetryPolicy{MaxAttempts: 2}, 3, nil},
		"failure after it, no retry":            {[]step{errorStep(401, ""), errorStep(503, ""), {}}, tenantkit.NoRetry(), 2, []error{tenantkit.ErrUnavailable}},
		"refusal, failure, refusal":             {[]step{errorStep(401, ""), errorStep(503, ""), errorStep(401, ""), {}}, tenantkit.RetryPolicy{}, 3, []error{tenantkit.ErrUnauthenticated}},
		"refusal for the rights, no credential": {[]step{errorStep(403, ""), {}}, tenantkit.RetryPolicy{}, 1, []error{tenantkit.ErrForbidden}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				for i := range tt.steps {
					if tt.steps[i].status == 0 {
						tt.steps[i].body = `{}`
					}
				}
				server := newMemory(t, tt.steps...)
				api := API{Credentials: map[string]auth.Credential{"": auth.Bearer(&rotating{tokens: []string{"one-1", "two-2", "three-3"}})}}
				c := newAPIClient(t, api, testURL, server, tenantkit.WithRetry(tt.policy))
				err := c.Do(t.Context(), &getThing, callOf(&getThing), nil)
				if n := len(server.sent()); n != tt.attempts {
					t.Errorf("%d attempts, want %d", n, tt.attempts)
				}
				if (err == nil) != (tt.want == nil) {
					t.Fatalf("err = %v", err)
				}
				wantSentinels(t, err, tt.want...)
			})
		})
	}
}

// A context that ends during the renewal ends the call.
func TestCancelledRenewal(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	asked := 0
	source := auth.TokenSourceFunc(func(ctx context.Context) (auth.Token, error) {
		if asked++; asked == 2 {
			cancel()
			return auth.Token{}, ctx.Err()
		}
		return auth.Token{Value: tenantkit.NewSecret("token")}, nil
	})
	server := newMemory(t, errorStep(401, ""))
	c := newAPIClient(t, API{Credentials: map[string]auth.Credential{"": auth.Bearer(source)}}, testURL, server)
	err := c.Do(ctx, &getThing, callOf(&getThing), nil)
	wantSentinels(t, err, tenantkit.ErrUnauthenticated, context.Canceled)
	if n := len(server.sent()); n != 1 || tenantkit.OutcomeOf(err) != rejected {
		t.Errorf("%d requests, %v", n, err)
	}
}

// What was refused to the source of a credential is not refused to the call: it was not made.
func TestDo_SourceOfCredentialRejected(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{
		400: nil, 401: tenantkit.ErrUnauthenticated, 403: nil, 404: nil, 409: nil, 410: nil, 429: tenantkit.ErrRateLimited, 503: tenantkit.ErrUnavailable,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			login := &tenantkit.Error{Service: "login", StatusCode: status, Outcome: tenantkit.OutcomeRejected}
			fails := false
			source := auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
				if fails {
					return auth.Token{}, fmt.Errorf("log in: %w", login)
				}
				fails = true
				return auth.Token{Value: tenantkit.NewSecret("token")}, nil
			})
			api := API{Service: "things", Credentials: map[string]auth.Credential{"": auth.Bearer(source)}}
			wants := []error{}
			if want != nil {
				wants = append(wants, want)
			}
			// The first attempt is lost, the second cannot be made: it is not known
			// whether the thing is gone.
			c := newAPIClient(t, api, testURL, newMemory(t, step{err: errReset}), fastRetry())
			err := c.Do(t.Context(), &deleteThing, callOf(&deleteThing), nil)
			wantSentinels(t, err, wants...)
			if failed := failedWith(t, err); failed.Service != "things" || failed.Outcome != unknown || failed.Attempts != 1 {
				t.Errorf("error = %+v", failed)
			}
			// There is none from the start.
			err = c.Do(t.Context(), &deleteThing, callOf(&deleteThing), nil)
			wantSentinels(t, err, wants...)
			if tenantkit.OutcomeOf(err) != notSent {
				t.Errorf("outcome of %v", err)
			}
			// A new one cannot be had after a refusal.
			fails = false
			c = newAPIClient(t, api, testURL, newMemory(t, errorStep(401, "")))
			err = c.Do(t.Context(), &deleteThing, callOf(&deleteThing), nil)
			wantSentinels(t, err, append(wants, tenantkit.ErrUnauthenticated)...)
			var inner *tenantkit.Error
			if !errors.As(failedWith(t, err).Err, &inner) || inner != login {
				t.Errorf("the source's error is not in %v", err)
			}
		})
	}
}
