package autoid_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
)

// jwt is a token that was issued now and ends after life.
func jwt(number int, life time.Duration) string {
	now := time.Now()
	claims := fmt.Sprintf(`{"jti":%d,"iat":%d,"exp":%d}`, number, now.Unix(), now.Add(life).Unix())
	return "eyJhbGciOiJIUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

// doorman logs in and renews, and takes down what it was asked.
type doorman struct {
	mu       sync.Mutex
	life     time.Duration
	slow     time.Duration
	password string
	noRenew  int // the status of renewals, 0 for good ones
	issued   int
	calls    []string
}

func (d *doorman) RoundTrip(req *http.Request) (*http.Response, error) {
	time.Sleep(d.slow)
	d.mu.Lock()
	defer d.mu.Unlock()
	body := ""
	if req.Body != nil {
		data, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		body = string(data)
	}
	answer := func(status int, body string) (*http.Response, error) {
		resp := httpmock.NewStringResponse(status, body)
		resp.Header.Set("Content-Type", "application/json")
		return resp, nil
	}
	switch {
	case strings.HasSuffix(req.URL.Path, "/login"):
		d.calls = append(d.calls, "login")
		if body != `{"username":"bob","password":"`+d.password+`"}` {
			return answer(401, `{"message":"Invalid credentials: `+strings.ReplaceAll(body, `"`, `'`)+`"}`)
		}
	case strings.HasSuffix(req.URL.Path, "/renewToken"):
		d.calls = append(d.calls, "renew "+req.Header.Get("Authorization")[len("Bearer "):])
		if d.noRenew != 0 {
			return answer(d.noRenew, `{"message":"not renewed"}`)
		}
	default:
		d.calls = append(d.calls, "call "+req.Header.Get("Authorization")[len("Bearer "):])
		return answer(200, `{"message":"ok"}`)
	}
	d.issued++
	return answer(200, `{"user":{"uid":"bob"},"token":"`+jwt(d.issued, d.life)+`"}`)
}

func token(t *testing.T, source auth.TokenSource) string {
	t.Helper()
	got, err := source.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return got.Value.Reveal()
}

func TestLoginRequests(t *testing.T) {
	t.Parallel()
	service := &recorder{status: http.StatusOK, body: testdata(t, "login.json")}
	source := autoid.Login(base+"/path", "bob.rodgers@example.com", auth.StaticToken(`pass"word`), transport(service),
		tenantkit.WithUserAgent("test/1"), autoid.WithTenantID("tenant-1"))
	got, err := source.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := "eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjE2MzczMTYwNzksImV4cCI6MTYzNzM1OTI3OX0.c2ln"; got.Value.Reveal() != want {
		t.Errorf("token %q, want %q", got.Value.Reveal(), want)
	}
	if !got.Expiry.Equal(at(t, "2021-11-19T22:01:19Z")) {
		t.Errorf("the token ends at %v", got.Expiry)
	}
	want := []sent{{
		Method: "POST", Path: "/path/api/authentication/login",
		Header: http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}, "User-Agent": {"test/1"}, "X-Tenant-Id": {"tenant-1"}},
		Body:   `{"username":"bob.rodgers@example.com","password":"pass\"word"}`,
	}}
	if diff := cmp.Diff(want, service.sent); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestRenewRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &recorder{status: http.StatusOK, body: `{"token":"` + jwt(1, time.Hour) + `"}`}
		source := autoid.Login(base, "bob", auth.StaticToken("x"), transport(service), tenantkit.WithUserAgent("test/1"))
		first := token(t, source)
		time.Sleep(time.Hour - time.Second)
		token(t, source)
		want := sent{
			Method: "POST", Path: "/api/authentication/renewToken",
			Header: http.Header{"Accept": {"application/json"}, "Authorization": {"Bearer " + first}, "User-Agent": {"test/1"}},
		}
		if diff := cmp.Diff(want, service.sent[len(service.sent)-1]); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
	})
}

// A token is renewed before its end while calls go on with it, and the log-in comes back when the
// renewal fails.
func TestLoginLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &doorman{life: 12 * time.Hour, slow: 100 * time.Millisecond, password: "right"}
		source := autoid.Login(base, "bob", auth.StaticToken("right"), transport(d))
		first := token(t, source)
		time.Sleep(11 * time.Hour)
		if token(t, source) != first {
			t.Error("the token is not kept")
		}
		time.Sleep(time.Hour - time.Minute)
		if token(t, source) != first {
			t.Error("a caller waits for the renewal of a token that still serves")
		}
		synctest.Wait()
		time.Sleep(time.Second)
		second := token(t, source)
		if second == first {
			t.Error("the token is not renewed before its end")
		}
		d.mu.Lock()
		d.noRenew = 401
		d.mu.Unlock()
		time.Sleep(12*time.Hour - 10*time.Second)
		third := token(t, source)
		if third == second {
			t.Error("no new token after a failed renewal")
		}
		time.Sleep(13 * time.Hour)
		fourth := token(t, source)
		want := []string{"login", "renew " + first, "renew " + second, "login", "login"}
		if diff := cmp.Diff(want, d.calls); diff != "" || fourth == third {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestLoginOneFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &doorman{life: time.Hour, slow: time.Second, password: "right"}
		source := autoid.Login(base, "bob", auth.StaticToken("right"), transport(d))
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				if _, err := source.Token(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if diff := cmp.Diff([]string{"login"}, d.calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// A session that the service ended is begun anew, and the call is repeated.
func TestLoginAfterTheSession(t *testing.T) {
	t.Parallel()
	server := autoidtest.Start(t)
	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{
		User: autoidtest.DefaultUser, Password: auth.StaticToken(autoidtest.DefaultPassword),
	}, tenantkit.WithHTTPClient(server.Client()))
	if err != nil {
		t.Fatal(err)
	}
	if err := client.CreateSink(t.Context(), &autoid.Sink{ID: sinkID, Name: "IIQ"}); err != nil {
		t.Fatal(err)
	}
	server.RevokeTokens()
	if err := client.DeleteSink(t.Context(), sinkID); err != nil {
		t.Fatal(err)
	}
	var calls []string
	for _, r := range server.Requests() {
		calls = append(calls, fmt.Sprint(r.Operation, " ", r.Status))
	}
	if diff := cmp.Diff([]string{"Login 200", "CreateSink 200", "DeleteSink 401", "Login 200", "DeleteSink 200"}, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// keptPassword is a password in a cache, which has to be told that it is out of date.
type keptPassword struct {
	mu       sync.Mutex
	values   []string
	refusals []string
}

func (k *keptPassword) Token(context.Context) (auth.Token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return auth.Token{Value: tenantkit.NewSecret(k.values[0])}, nil
}

func (k *keptPassword) Invalidate(refused tenantkit.Secret) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refusals = append(k.refusals, refused.Reveal())
	if len(k.values) > 1 {
		k.values = k.values[1:]
	}
}

func TestLoginWithRotatedPassword(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		values []string
		calls  int
		fails  bool
	}{
		{"the new one is right", []string{"old", "right"}, 2, false},
		{"the new one is wrong too", []string{"old", "older"}, 2, true},
		{"there is no new one", []string{"old"}, 1, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := &doorman{life: time.Hour, password: "right"}
			password := &keptPassword{values: test.values}
			_, err := autoid.Login(base, "bob", password, transport(d)).Token(t.Context())
			if (err != nil) != test.fails || test.fails && !errors.Is(err, tenantkit.ErrUnauthenticated) {
				t.Errorf("error %v", err)
			}
			if len(d.calls) != test.calls || !cmp.Equal(password.refusals, []string{"old"}) {
				t.Errorf("calls %q, refusals %q", d.calls, password.refusals)
			}
		})
	}
}

func TestLoginFailures(t *testing.T) {
	t.Parallel()
	good := auth.StaticToken("open-sesame")
	noPassword := auth.TokenSourceFunc(func(context.Context) (auth.Token, error) { return auth.Token{}, errors.New("the vault is closed") })
	empty := auth.TokenSourceFunc(func(context.Context) (auth.Token, error) { return auth.Token{}, nil })
	tests := []struct {
		name     string
		base     string
		user     string
		password auth.TokenSource
		service  *recorder
		field    string // of a ValidationError
		text     string
		is       error
	}{
		{name: "no base URL", user: "bob", password: good, field: "baseURL"},
		{name: "plain http", base: "http://autoid.example.com", user: "bob", password: good, field: "baseURL"},
		{name: "no user", base: base, password: good, field: "credentials.User"},
		{name: "no password source", base: base, user: "bob", field: "credentials.Password"},
		{name: "an empty password", base: base, user: "bob", password: empty, field: "password"},
		{name: "no password", base: base, user: "bob", password: noPassword, text: "the vault is closed"},
		{name: "refused", base: base, user: "bob", password: good, service: &recorder{status: 401, body: `{"message":"no entry with open-sesame"}`},
			text: "401 Unauthorized: [redacted]", is: tenantkit.ErrUnauthenticated},
		{name: "no token", base: base, user: "bob", password: good, service: &recorder{status: 200, body: `{"user":{},"token":""}`}, text: "it has no token"},
		{name: "an answer that cannot be read", base: base, user: "bob", password: good,
			service: &recorder{status: 200, body: `{"token":"secret.token.text","user":}`}, text: "invalid response"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			service := test.service
			if service == nil {
				service = &recorder{status: 500}
			}
			_, err := autoid.Login(test.base, test.user, test.password, transport(service)).Token(t.Context())
			var invalid *tenantkit.ValidationError
			switch {
			case err == nil:
				t.Fatal("no error")
			case test.field != "" && (!errors.As(err, &invalid) || invalid.Operation != "Login" && invalid.Operation != "NewClient" || invalid.Field != test.field):
				t.Errorf("error %v, want a ValidationError of %s", err, test.field)
			case !strings.Contains(err.Error(), test.text), test.is != nil && !errors.Is(err, test.is):
				t.Errorf("error %v, want %q", err, test.text)
			}
			if outcome := tenantkit.OutcomeOf(unsent(t, autoid.Login(test.base, test.user, test.password, transport(service)))); outcome != tenantkit.OutcomeNotSent {
				t.Errorf("the outcome of a call without a token is %v", outcome)
			}
			service.sent = service.sent[:len(service.sent)/2]
			if all := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(all, "open-sesame") || strings.Contains(all, "secret.token.text") {
				t.Errorf("a secret is in the error: %s", all)
			}
			if (test.service == nil) != (len(service.sent) == 0) {
				t.Errorf("%d requests were sent", len(service.sent))
			}
		})
	}
}

// unsent returns the error of a call by another HTTP client, for which there is no token.
func unsent(t *testing.T, source auth.TokenSource) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/jas/entity/create", nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: auth.Transport(auth.Bearer(source), roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("the request was sent")
	}))}
	resp, err := client.Do(req)
	if err == nil {
		t.Fatal(resp.Body.Close(), "no error")
	}
	return err
}

// When the token cannot be renewed, and a log-in fails too, the error tells of both.
func TestLoginAndRenewalFail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &doorman{life: time.Hour, password: "right"}
		source := autoid.Login(base, "bob", auth.StaticToken("right"), transport(d), tenantkit.WithRetry(tenantkit.NoRetry()))
		first := token(t, source)
		d.mu.Lock()
		d.noRenew, d.password = 403, "changed"
		d.mu.Unlock()
		time.Sleep(time.Hour - 10*time.Second)
		if token(t, source) != first {
			t.Error("the token that still serves is not given")
		}
		// Past its end there is nothing to renew.
		time.Sleep(time.Minute)
		_, err := source.Token(t.Context())
		if !errors.Is(err, tenantkit.ErrUnauthenticated) {
			t.Errorf("error %v", err)
		}
		if diff := cmp.Diff([]string{"login", "renew " + first, "login", "login"}, d.calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}
