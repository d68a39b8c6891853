package proof

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

// functions are the exported functions of the promised packages. Those that would touch files or
// run programs of the machine are made not to.
var functions = map[string]any{
	"tenantkit.ContextWithOperation": tenantkit.ContextWithOperation, "tenantkit.OperationFromContext": tenantkit.OperationFromContext,
	"tenantkit.ContextWithAttempt": tenantkit.ContextWithAttempt, "tenantkit.AttemptFromContext": tenantkit.AttemptFromContext,
	"tenantkit.NewSecret": tenantkit.NewSecret, "tenantkit.WithLocker": tenantkit.WithLocker, "tenantkit.WithRateLimit": tenantkit.WithRateLimit,
	"tenantkit.Pages": func(ctx context.Context, op tenantkit.Operation, params tenantkit.CallParams, opts ...tenantkit.Option) error {
		for _, err := range tenantkit.Pages[string](ctx, nil, op, params, opts...) {
			return err
		}
		return nil
	},
	"tenantkit.NewTransport": tenantkit.NewTransport, "tenantkit.Reveal": tenantkit.Reveal, "tenantkit.Restore": tenantkit.Restore, "tenantkit.OutcomeOf": tenantkit.OutcomeOf,
	"tenantkit.DefaultRetryPolicy": tenantkit.DefaultRetryPolicy, "tenantkit.NoRetry": tenantkit.NoRetry,
	"tenantkit.WithHTTPClient": tenantkit.WithHTTPClient, "tenantkit.WithHeader": tenantkit.WithHeader, "tenantkit.WithInsecureHTTP": tenantkit.WithInsecureHTTP,
	"tenantkit.WithLogger": tenantkit.WithLogger, "tenantkit.WithMaxPages": tenantkit.WithMaxPages, "tenantkit.WithResponse": tenantkit.WithResponse,
	"tenantkit.WithMaxResponseBytes": tenantkit.WithMaxResponseBytes, "tenantkit.WithRetry": tenantkit.WithRetry, "tenantkit.WithTimeout": tenantkit.WithTimeout,
	"tenantkit.WithTransport": tenantkit.WithTransport, "tenantkit.WithUserAgent": tenantkit.WithUserAgent,

	"auth.CheckIDToken": auth.CheckIDToken, "auth.Transport": auth.Transport, "auth.ParseClaims": auth.ParseClaims, "auth.Cache": auth.Cache,
	"auth.WithFetchTimeout": auth.WithFetchTimeout, "auth.WithMaxAge": auth.WithMaxAge, "auth.WithRefreshAhead": auth.WithRefreshAhead,
	"auth.APIKey": auth.APIKey, "auth.Basic": auth.Basic, "auth.Bearer": auth.Bearer, "auth.RawBasic": auth.RawBasic, "auth.RefreshToken": auth.RefreshToken,
	"auth.MemoryStore": auth.MemoryStore, "auth.Env": auth.Env, "auth.File": auth.File, "auth.StaticToken": auth.StaticToken,
	"auth.Redact": func(message string) { _ = auth.Redact(message) }, "auth.WithRejected": auth.WithRejected, "auth.TokenStoreIn": auth.TokenStoreIn,
	"auth.FileStore": func(path string) auth.TokenLocker { return auth.FileStore(scratch(path)) },
	"auth.Command": func(name string, args ...string) *auth.CommandSource {
		return auth.Command("no-such-program"+name, args...)
	},
	"auth.CognitoCLI":    func(o auth.CognitoOptions) *auth.CommandSource { return unrunnable(auth.CognitoCLI(o)) },
	"auth.GCloudIDToken": func(o auth.GCloudOptions) *auth.CommandSource { return unrunnable(auth.GCloudIDToken(o)) },

	"worklytics.ConnectURL": worklytics.ConnectURL, "worklytics.Operations": worklytics.Operations, "worklytics.NewClient": worklytics.NewClient,
	"worklytics.Integrations": worklytics.Integrations,
	"argo.NewClient":          argo.NewClient, "argo.Operations": argo.Operations,
	"keboola.NewClient": keboola.NewClient, "keboola.Operations": keboola.Operations, "keboola.Roles": keboola.Roles,
	"keboola.DiscoverBaseURL": keboola.DiscoverBaseURL,
	"autoid.NewClient":        autoid.NewClient, "autoid.Operations": autoid.Operations,
	"autoid.CheckpointIn": autoid.CheckpointIn,
	"autoid.NewSinkID":    autoid.NewSinkID, "autoid.WithTenantID": autoid.WithTenantID,
	"autoid.GT": autoid.GT, "autoid.GTE": autoid.GTE, "autoid.LT": autoid.LT, "autoid.LTE": autoid.LTE,
	"autoid.FileCheckpoint": func(path string) autoid.Checkpoint { return autoid.FileCheckpoint(scratch(path)) },
	"infoworks.NewClient":   infoworks.NewClient, "infoworks.Operations": infoworks.Operations, "infoworks.Help": infoworks.Help, "infoworks.ParseClaims": infoworks.ParseClaims,
}

// onlyForClients are options that a single call refuses.
var onlyForClients = map[string]bool{
	"tenantkit.WithInsecureHTTP": true, "tenantkit.WithLocker": true, "tenantkit.WithRateLimit": true, "tenantkit.WithMaxPages": true,
}

// validates are functions of which every error is a ValidationError.
var validates = map[string]bool{
	"auth.CheckIDToken": true, "worklytics.ConnectURL": true, "worklytics.NewClient": true, "argo.NewClient": true, "keboola.NewClient": true,
	"autoid.NewClient": true, "infoworks.NewClient": true, "keboola.DiscoverBaseURL": true,
}

// directory is one for each run of the tests, made by TestFunctions.
var directory string

// scratch puts a file below directory, but for the empty path, which stays.
func scratch(path string) string {
	if path == "" {
		return ""
	}
	return filepath.Clean(directory) + string(filepath.Separator) + path
}

// unrunnable keeps a test from running the program of a cloud.
func unrunnable(c *auth.CommandSource) *auth.CommandSource {
	c.Name = "no-such-program"
	return c
}

// likely are values of parameters by their names, where any text will not do.
var likely = map[string]any{
	"baseURL": "https://127.0.0.1:9/v3", "tenantID": strings.Repeat("1", 21), "host": worklytics.DefaultHost, "client": &http.Client{}, "policy": tenantkit.NoRetry(),
	"name": "X-Name", "header": "X-Api-Key", "n": 7, "perAttempt": time.Second, "response": new(tenantkit.Response), "ctx": context.Background(), "perSecond": 1e6, "burst": 1000, "locker": coord.Local(), "store": coord.Memory(),
	"logger": slog.Default(),
	"tokens": auth.StaticToken("MARKER"), "apiKey": auth.StaticToken("MARKER"), "storageToken": auth.StaticToken("MARKER"), "key": auth.StaticToken("MARKER"),
	"password": auth.StaticToken("MARKER"), "refresh": auth.StaticToken("MARKER"), "source": auth.StaticToken("MARKER"),
}

// TestFunctions calls every exported function with something bad in place of each argument in turn,
// and uses what comes of it: nothing panics, no error is long, what refuses says so by a
// ValidationError, and no request leaves that good input would not send.
func TestFunctions(t *testing.T) {
	directory = t.TempDir()
	for name, function := range functions {
		t.Run(name, func(t *testing.T) {
			parameters := signatures()[name]
			eachBadCall(reflect.ValueOf(function), parameters, func(what string, args []reflect.Value) {
				defer recovered(t, what)
				results := reflect.ValueOf(function).Call(args)
				for _, result := range results {
					useResult(t, name, what, result.Interface())
				}
			})
		})
	}
}

// recovered tells of a panic.
func recovered(t *testing.T, what string) {
	if died := recover(); died != nil {
		t.Errorf("%s: panic: %.300v", what, died)
	}
}

// eachBadCall makes arguments of which one is bad, in each possible way.
func eachBadCall(f reflect.Value, parameters []string, call func(what string, args []reflect.Value)) {
	n := f.Type().NumIn()
	fixed := n
	if f.Type().IsVariadic() {
		fixed--
	}
	plausibleArgs := func() []reflect.Value {
		var args []reflect.Value
		for i := range fixed {
			args = append(args, plausible(parameters[i], f.Type().In(i)))
		}
		return args
	}
	call("good input", plausibleArgs())
	for i := range fixed {
		in := f.Type().In(i)
		for _, b := range badOf(in) {
			args := plausibleArgs()
			args[i] = b.as(in)
			call(parameters[i]+" is "+b.what, args)
		}
		args := plausibleArgs()
		args[i] = reflect.Zero(in)
		call(parameters[i]+" is zero", args)
		if in.Kind() != reflect.Struct {
			continue
		}
		// A struct of options: each of its fields.
		args = plausibleArgs()
		var all []site
		arg := reflect.New(in).Elem()
		sites(arg, parameters[i], nil, func() {}, func(at site) { all = append(all, at) })
		for _, at := range all[1:] {
			for _, b := range badOf(at.is) {
				arg.SetZero()
				at.set(b.as(at.is))
				args[i] = arg
				call(at.path+" is "+b.what, args)
			}
		}
	}
	if f.Type().IsVariadic() {
		for _, b := range append(badOf(f.Type().In(fixed).Elem()), bad{"nil", nil}) {
			call("one of "+parameters[fixed]+" is "+b.what, append(plausibleArgs(), b.as(f.Type().In(fixed).Elem())))
		}
	}
}

// plausible returns a value that is not nil and not empty.
func plausible(parameter string, t reflect.Type) reflect.Value {
	if given := reflect.ValueOf(likely[parameter]); given.IsValid() && given.Type().ConvertibleTo(t) && (given.Kind() == reflect.String) == (t.Kind() == reflect.String) {
		return given.Convert(t)
	}
	if t == secretType {
		return reflect.ValueOf(tenantkit.NewSecret("x"))
	}
	switch t.Kind() {
	case reflect.String:
		return reflect.ValueOf("x").Convert(t)
	case reflect.Pointer:
		return reflect.New(t.Elem())
	case reflect.Slice:
		return reflect.MakeSlice(t, 1, 1)
	case reflect.Func:
		return reflect.MakeFunc(t, func([]reflect.Value) []reflect.Value {
			results := make([]reflect.Value, t.NumOut())
			for i := range results {
				results[i] = reflect.Zero(t.Out(i))
			}
			return results
		})
	}
	return reflect.Zero(t)
}

// useResult uses what a function made.
func useResult(t *testing.T, name, what string, result any) {
	t.Helper()
	ctx, done := context.WithTimeout(context.Background(), 5*time.Second)
	defer done()
	var none context.Context
	check := func(err error) { t.Helper(); checkText(t, err) }
	switch made := result.(type) {
	case nil:
	case error:
		var invalid *tenantkit.ValidationError
		if validates[name] && (!errors.As(made, &invalid) || invalid.Field == "" || invalid.Reason == "") {
			t.Errorf("%s: the error is %T: %.300v", what, made, made)
		}
		check(made)
	case tenantkit.Option:
		useOption(t, name, what, made)
	case auth.CacheOption:
		_, err := auth.Cache(auth.StaticToken("MARKER"), made).Token(ctx)
		check(err)
	case auth.Credential:
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://127.0.0.1:9/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := made.Authorize(ctx, req); err == nil {
			if got := read(req, nil); got.problem != "" {
				t.Errorf("%s: %s", what, got.problem)
			}
		} else if invalid := refusalIn(err); invalid == nil {
			t.Errorf("%s: the error is %T: %.300v", what, err, err)
		}
		check(made.Authorize(none, req))
		made.(auth.Renewer).Rejected(req)
	case http.RoundTripper:
		transport, ok := made.(*http.Transport)
		if ok {
			transport.CloseIdleConnections()
			break
		}
		for _, req := range []*http.Request{nil, {}} {
			_, err := made.RoundTrip(req)
			check(err)
		}
	case auth.TokenLocker:
		_, err := made.Load(ctx)
		check(err)
		check(made.Save(ctx, auth.StoredToken{Token: auth.Token{Value: tenantkit.NewSecret("MARKER")}}))
		for _, ctx := range []context.Context{ctx, none} {
			unlock, err := made.Lock(ctx)
			check(err)
			if err == nil {
				check(unlock())
			}
		}
	case auth.TokenSource:
		for _, ctx := range []context.Context{ctx, none} {
			_, err := made.Token(ctx)
			check(err)
		}
	case autoid.Checkpoint:
		_, err := made.Load(ctx)
		check(err)
		check(made.Save(ctx, autoid.BulkState{}))
	case string:
		if len(made) > 4096 && !strings.Contains(what, "10 MiB") || strings.ContainsAny(made, "\r\n\x00") {
			t.Errorf("%s: the result is %.300q", what, made)
		}
	case autoid.LowerBound, autoid.UpperBound:
		_, err := json.Marshal(made)
		check(err)
	default:
		_ = fmt.Sprintf("%v", made)
	}
}

// useOption makes a client, and a call of it, with an option: it is refused, or the request has
// nothing in it that does not belong there.
func useOption(t *testing.T, name, what string, option tenantkit.Option) {
	t.Helper()
	var invalid *tenantkit.ValidationError
	transport := tenantkit.WithTransport(func(http.RoundTripper) http.RoundTripper {
		return answering(func(req *http.Request) (*http.Response, error) {
			if got := read(req, nil); got.problem != "" {
				t.Errorf("%s: %s", what, got.problem)
			}
			return nil, errors.New("that is all")
		})
	})
	first, err := argo.NewClient("https://127.0.0.1:9/api/v2", auth.StaticToken("MARKER"), transport, tenantkit.WithRetry(tenantkit.NoRetry()))
	if err != nil {
		t.Fatal(err)
	}
	var callErr error
	synctest.Test(t, func(t *testing.T) {
		_, callErr = first.GetTenant(t.Context(), "x", option, transport)
	})
	made, newErr := argo.NewClient("https://127.0.0.1:9/api/v2", auth.StaticToken("MARKER"), option)
	if newErr == nil {
		made.CloseIdleConnections()
	}
	if refused := errors.As(callErr, &invalid); refused != (newErr != nil) && !onlyForClients[name] || newErr != nil && (!errors.As(newErr, &invalid) || invalid.Field != "opts") {
		t.Errorf("%s: a call is told %v, the constructor %v", what, callErr, newErr)
	}
	checkText(t, callErr)
	checkText(t, newErr)
}

// answering is a transport that is a function.
type answering func(*http.Request) (*http.Response, error)

func (f answering) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
