package rest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// forms are the ways in which a server may write a secret.
var forms = map[string]func(string) string{
	"raw":  func(s string) string { return s },
	"JSON": func(s string) string { return trimmed(json.Marshal(s)) },
	"JSON without HTML": func(s string) string {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		err := enc.Encode(s)
		return trimmed(bytes.TrimSpace(b.Bytes()), err)
	},
	"JSON with escaped slashes": func(s string) string { return strings.ReplaceAll(trimmed(json.Marshal(s)), "/", `\/`) },
	"JSON in ASCII": func(s string) string {
		var b strings.Builder
		for _, r := range trimmed(json.Marshal(s)) {
			if r > 0x7e {
				for _, unit := range utf16.Encode([]rune{r}) {
					fmt.Fprintf(&b, `\u%04x`, unit)
				}
			} else {
				b.WriteRune(r)
			}
		}
		return b.String()
	},
	"JSON in JSON":           func(s string) string { return trimmed(json.Marshal(trimmed(json.Marshal(s)))) },
	"query":                  url.QueryEscape,
	"path":                   url.PathEscape,
	"query in lower case":    func(s string) string { return lowerEscapes(url.QueryEscape(s)) },
	"HTML":                   html.EscapeString,
	"base64":                 func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 without padding": func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) },
	"base64 for URLs":        func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"Go":                     func(s string) string { return trimmed(fmt.Appendf(nil, "%q", s), nil) },
}

func trimmed(quoted []byte, err error) string {
	if err != nil {
		panic(err)
	}
	return string(quoted[1 : len(quoted)-1])
}

func lowerEscapes(s string) string {
	b := []byte(s)
	for i := range b {
		if i >= 1 && b[i-1] == '%' || i >= 2 && b[i-2] == '%' {
			b[i] |= 0x20
		}
	}
	return string(b)
}

// A marker holds what the forms write differently.
const awkward = "/s3\"cr<e>t&+é\\=~ end"

// outputs are all texts that a program may make of the end of a call.
func outputs(t *testing.T, err error, response tenantkit.Response, log string) map[string]string {
	t.Helper()
	texts := map[string]string{"log": log}
	values := map[string]any{"error": err, "wrapped": fmt.Errorf("wrapped: %w", err), "joined": errors.Join(errors.New("x"), err), "response": response, "response pointer": &response}
	for inner, i := err, 0; inner != nil; inner, i = errors.Unwrap(inner), i+1 {
		values[fmt.Sprint("chain ", i)] = inner
	}
	var failed *tenantkit.Error
	if errors.As(err, &failed) {
		values["value"] = *failed
		texts["parts"] = strings.Join([]string{failed.URL, failed.Code, failed.Message, failed.Details, failed.RequestID, fmt.Sprint(failed.Header)}, "\n")
	}
	for name, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%s", "%x", "%d"} {
			texts[name+" "+verb] = fmt.Sprintf(verb, value)
		}
		for kind, handler := range map[string]func(*bytes.Buffer) slog.Handler{
			"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			"JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var b bytes.Buffer
			slog.New(handler(&b)).Error("failed", "value", value, slog.Group("group", slog.Any("value", value)))
			texts[name+" slog "+kind] = b.String()
		}
		if data, err := json.Marshal(value); err == nil {
			texts[name+" JSON"] = string(data)
		}
		if data, err := wire.Marshal(value); err == nil {
			texts[name+" JSON v2"] = string(data)
		}
	}
	return texts
}

// wantNoSecret checks that no form of a secret is in any output.
func wantNoSecret(t *testing.T, texts map[string]string, secrets ...string) {
	t.Helper()
	for name, text := range texts {
		for _, secret := range secrets {
			for form, write := range forms {
				if strings.Contains(text, write(secret)) {
					t.Errorf("%s: a secret in the form %s: %s", name, form, text)
					return
				}
			}
			if strings.Contains(text, "s3") {
				t.Errorf("%s: a part of a secret: %s", name, text)
				return
			}
		}
	}
}

// secretCalls are calls with a credential of each kind, and with secrets in the body.
var secretCalls = map[string]struct {
	credential func(secret string) auth.Credential
	body       func(secret string) any
}{
	"APIKey":   {func(s string) auth.Credential { return auth.APIKey("x-api-key", auth.StaticToken(s)) }, nil},
	"Bearer":   {func(s string) auth.Credential { return auth.Bearer(auth.StaticToken(s)) }, nil},
	"RawBasic": {func(s string) auth.Credential { return auth.RawBasic(auth.StaticToken(s)) }, nil},
	"Basic":    {func(s string) auth.Credential { return auth.Basic("user", auth.StaticToken(s)) }, nil},
	"own": {func(s string) auth.Credential {
		return credentialFunc(func(req *http.Request) { req.Header.Set("X-Own", s) })
	}, nil},
	"over a custom header": {func(s string) auth.Credential { return auth.APIKey("X-Custom", auth.StaticToken(s)) }, nil},
	"field":                {nil, func(s string) any { return secretThing{ID: "a", Password: tenantkit.NewSecret(s)} }},
	"nested": {nil, func(s string) any {
		return map[string]any{"list": []any{struct{ Deep *secretThing }{&secretThing{Password: tenantkit.NewSecret(s)}}}}
	}},
}

func (f respond) withLog(t *testing.T, api API, opts ...tenantkit.Option) (*Client, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	handler := slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})
	server, _ := f.start(t)
	opts = append(opts, tenantkit.WithLogger(slog.New(handler)), tenantkit.WithHeader("X-Custom", "s3custom"), fastRetry())
	return newAPIClient(t, api, testURL, server, opts...), &log
}

// A server may repeat what it was sent wherever it likes; none of it comes out.
func TestEchoedSecrets(t *testing.T) {
	t.Parallel()
	echoes := map[string]func(string) step{
		"body of a refusal": func(s string) step { return step{status: 400, body: `{"error":"bad ` + s + `"}`} },
		"body of a 5xx":     func(s string) step { return step{status: 500, body: `{"error":"bad ` + s + `"}`} },
		"plain text":        func(s string) step { return step{status: 401, plain: true, body: "no such key: " + s} },
		"any header": func(s string) step {
			return step{status: 403, header: http.Header{"X-Why": {"bad " + s}, "X-Request-Id": {s}}}
		},
		"header of that name": func(s string) step {
			return step{status: 403, header: http.Header{"X-Api-Key": {s}, "Authorization": {"x" + s[1:]}, "X-Own": {s}, "X-Custom": {"x" + s[1:]}}}
		},
		"cookie": func(string) step { return step{status: 403, header: http.Header{"Set-Cookie": {"session=s3session"}}} },
		"Location": func(s string) step {
			return step{status: 302, header: http.Header{"Location": {"https://evil.example.org/" + url.PathEscape(s) + "?k=" + url.QueryEscape(s)}}}
		},
		"broken Location":        func(s string) step { return step{status: 302, header: http.Header{"Location": {"https://[evil/" + s}}} },
		"garbage":                func(s string) step { return step{body: "bad " + s} },
		"broken":                 func(s string) step { return step{body: `{"id":"` + s, cut: errReset} },
		"wrong type":             func(s string) step { return step{body: `{"id":["` + s + `"]}`} },
		"error of the transport": func(s string) step { return step{err: fmt.Errorf("cannot send %s", s)} },
		"cut in its middle":      func(s string) step { return step{status: 400, body: `{"error":"bad ` + s[:len(s)*3/4], cut: errReset} },
		"cut by the bound": func(s string) step {
			return step{status: 400, body: strings.Repeat(" ", maxErrorBytes-len(s)*3/4) + s}
		},
	}
	for kind, call := range secretCalls {
		for place, echo := range echoes {
			t.Run(kind+"/"+place, func(t *testing.T) {
				t.Parallel()
				for form, write := range forms {
					secret := "s3-marker-" + awkward
					if call.credential != nil {
						secret = "s3-marker-" + strings.ReplaceAll(awkward, "é", "ü") // the bytes of either may stand in a header
					}
					if place == "cut by the bound" && form != "raw" && form != "JSON" {
						continue // the bodies are long
					}
					written := write(secret)
					server := always(echo(written))
					api := testAPI()
					api.ReadError = func(failed *tenantkit.Error, body []byte) {
						failed.Code, failed.Message, failed.Details = "E "+written, string(body), written
						failed.RequestID = "R " + written
					}
					if call.credential != nil {
						api.Credentials = map[string]auth.Credential{"": call.credential(secret)}
					}
					c, log := server.withLog(t, api)
					what := Call{Path: []string{"a1"}, Into: new(thing)}
					op := &getThing
					if call.body != nil {
						what.Body, op = call.body(secret), &putThing
					}
					var response tenantkit.Response
					err := c.Do(t.Context(), op, what, []tenantkit.Option{tenantkit.WithResponse(&response)})
					if err == nil {
						t.Fatal("no error")
					}
					texts := map[string]string{"error": err.Error(), "value": fmt.Sprintf("%+v", *failedWith(t, err)), "response": fmt.Sprintf("%+v", response), "log": log.String()}
					if form == "raw" {
						texts = outputs(t, err, response, log.String())
					}
					wantNoSecret(t, texts, secret)
					if t.Failed() {
						t.Fatalf("echoed in the form %s", form)
					}
				}
			})
		}
	}
}

// A secret that the server has just made is not in an error that tells that invalid response.
func TestDo_NewSecretsInInvalidResponses(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]step{
		"wrong type beside it": jsonStep(`{"password":"s3new","id":7}`),
		"wrong type":           jsonStep(`{"id":"a","password":5353053530}`),
		"text for a number":    jsonStep(`{"id":"a","password":"s3new","count":"s3new"}`),
		"broken":               {body: `{"id":"a","password":"s3new`, cut: errReset},
		"too long":             {body: `{"id":"a","password":"s3new"}`, endless: true},
		"other shape":          jsonStep(`[{"id":"a","password":"s3new"}]`),
		"no JSON":              {plain: true, body: "password: s3new"},
		"refused by the check": jsonStep(`{"password":"s3new"}`),
		"twice":                jsonStep(`{"password":"s3new","password":"s3new"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			type answer struct {
				Data  []*secretThing `json:"data"`
				Count int            `json:"count"`
				secretThing
			}
			c, log := always(s).withLog(t, testAPI())
			var got answer
			call := Call{Into: &got, Check: func() error { return errors.New("no id") }}
			var response tenantkit.Response
			opts := []tenantkit.Option{tenantkit.WithResponse(&response), tenantkit.WithMaxResponseBytes(1000)}
			err := c.Do(t.Context(), &createThing, call, opts)
			if err == nil {
				t.Fatal("no error")
			}
			texts := outputs(t, err, response, log.String())
			wantNoSecret(t, texts, "s3new")
			for name, text := range texts {
				if strings.Contains(text, "5353053530") {
					t.Errorf("%s: the value is in %s", name, text)
				}
			}
			for _, err := range Stream[secretThing](t.Context(), c, &listThings, Call{}, "", opts) {
				if err != nil {
					wantNoSecret(t, outputs(t, err, response, log.String()), "s3new")
				}
			}
		})
	}
}

// messageAPI is a service whose errors are all message.
func messageAPI() API {
	api := testAPI()
	api.ReadError = func(failed *tenantkit.Error, body []byte) { failed.Message = string(body) }
	return api
}

// A secret so short that it occurs by chance takes the whole text with it.
func TestShortSecrets(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"s", "s3", "s3x"} {
		c, log := always(step{status: 400, body: `{"error":"` + secret + ` is wrong, 3 times"}`, header: http.Header{"X-Ratelimit-Why": {secret}}}).withLog(t, messageAPI())
		var response tenantkit.Response
		err := c.Do(t.Context(), &putThing, Call{Path: []string{"a1"}, Body: secretThing{ID: "a", Password: tenantkit.NewSecret(secret)}},
			[]tenantkit.Option{tenantkit.WithResponse(&response)})
		failed := failedWith(t, err)
		if failed.Message != tenantkit.Redacted || failed.Header.Get("X-Ratelimit-Why") != tenantkit.Redacted || response.Header.Get("X-Ratelimit-Why") != tenantkit.Redacted {
			t.Errorf("%s: error = %+v", secret, *failed)
		}
		if strings.Contains(log.String(), "is wrong") {
			t.Errorf("%s: logged %s", secret, log)
		}
	}
}

// What is no secret stays readable.
func TestWhatIsNoSecretStays(t *testing.T) {
	t.Parallel()
	c, _ := always(step{status: 409, body: `{"error":"key is taken"}`, header: http.Header{"X-Request-Id": {"r-1"}, "Ratelimit-Remaining": {"7"}, "X-Why": {"taken"}}}).withLog(t, messageAPI())
	err := c.Do(t.Context(), &putThing, Call{Path: []string{"a1"}, Body: secretThing{ID: "a"}}, nil)
	failed := failedWith(t, err)
	if failed.Message != `{"error":"key is taken"}` || failed.Body.Reveal() != failed.Message || failed.RequestID != "r-1" ||
		failed.Header.Get("Ratelimit-Remaining") != "7" || failed.Header.Get("Content-Type") != "application/json" || failed.Header.Get("X-Why") != "" {
		t.Errorf("error = %+v", *failed)
	}
}

// An error of the transport can be tested for although its text held a secret.
func TestHiddenErrorsCanBeTestedFor(t *testing.T) {
	t.Parallel()
	inner := fmt.Errorf("proxy said %s: %w", testKey, context.DeadlineExceeded)
	rejection := fmt.Errorf("%s: %w", testKey, errReset)
	c := newTestClient(t, newMemory(t, step{err: rejection}, step{err: inner}), tenantkit.WithRetry(tenantkit.NoRetry()))
	err := c.Do(t.Context(), &getThing, callOf(&getThing), nil)
	if !errors.Is(err, errReset) || strings.Contains(err.Error(), testKey) {
		t.Errorf("err = %v", err)
	}
	err = c.Do(t.Context(), &getThing, callOf(&getThing), nil)
	wantSentinels(t, err)
	if !isTimeout(err) && strings.Contains(err.Error(), testKey) {
		t.Errorf("err = %v", err)
	}
}
