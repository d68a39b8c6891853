package proof

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tenantkit/tenantkit"
)

// errBoom is what a caller's own code panics with.
var errBoom = errors.New("boom")

// died calls, and returns the text of the panic that came of it, with the stack; empty for none.
func died(call func()) (text string) {
	defer func() {
		if value := recover(); value != nil {
			text = fmt.Sprintf("%v\n%+v\n%#v\n%s", value, value, value, debug.Stack())
		}
	}()
	call()
	return ""
}

// checkDeath looks at the text of a panic: it is the caller's own, and holds no secret.
func checkDeath(t *testing.T, text string, secrets []string) {
	t.Helper()
	if !strings.Contains(text, "boom") {
		t.Errorf("the panic of the caller's code became %.300q", text)
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("the panic shows a secret (%.12s…): %s", secret, text)
		}
	}
}

// TestPanicsOfMiddlewares lets a middleware panic under every call, before the request is sent and
// after it was answered: the panic comes out of the call, in the goroutine of its caller, with no
// secret in its text or stack; and the client still works.
func TestPanicsOfMiddlewares(t *testing.T) {
	t.Parallel()
	for _, s := range services {
		for name, of := range callsOf(s) {
			for when, after := range map[string]bool{"before": false, "after": true} {
				t.Run(s.name+"/"+name+"/"+when, func(t *testing.T) {
					t.Parallel()
					stand := s.start(serverOptions{call: name})
					defer stand.server.Close()
					var armed atomic.Bool
					client := stand.connect(t, stand.wired(), tenantkit.WithTransport(func(next http.RoundTripper) http.RoundTripper {
						return answering(func(req *http.Request) (*http.Response, error) {
							called, _ := tenantkit.OperationFromContext(req.Context())
							if called.Name != of || !armed.Swap(false) {
								return next.RoundTrip(req)
							}
							if after {
								resp, err := next.RoundTrip(req)
								if err == nil {
									err = resp.Body.Close()
								}
								panic(errors.Join(errBoom, err))
							}
							panic(errBoom)
						})
					}))
					defer client.close()
					armed.Store(true)
					checkDeath(t, died(func() { _, _ = client.call(name)(t.Context()) }), stand.secrets)
					if _, err := client.call(name)(t.Context()); err != nil && !after {
						t.Errorf("after a panic, the client does not work any more: %v", err)
					}
				})
			}
		}
	}
}

// TestPanicsOfCallbacks lets each function and iterator that a caller gives to a call panic.
func TestPanicsOfCallbacks(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, s := range services {
		stand := s.start(serverOptions{})
		client := stand.connect(t, stand.wired())
		for name, method := range inputs(client.value) {
			for i := 1; i < method.Type().NumIn()-1; i++ {
				args := goodArgs(method, client.good[name])
				in := method.Type().In(i)
				panics := func([]reflect.Value) []reflect.Value { panic(errBoom) }
				switch {
				case in.Kind() == reflect.Func:
					args[i] = reflect.MakeFunc(in, panics)
				case in.Kind() == reflect.Struct && in.NumField() > 0 && strings.HasSuffix(in.Name(), "BulkOptions"):
					options := reflect.New(in).Elem()
					options.FieldByName("Progress").Set(reflect.MakeFunc(options.FieldByName("Progress").Type(), panics))
					args[i] = options
				default:
					continue
				}
				tried++
				t.Run(s.name+"/"+name+"/"+in.String(), func(t *testing.T) {
					checkDeath(t, died(func() { method.Call(args) }), stand.secrets)
					if err := errorOf(method.Call(goodArgs(method, client.good[name]))); err != nil {
						t.Errorf("after a panic, the client does not work any more: %v", err)
					}
				})
			}
		}
		client.close()
		stand.server.Close()
	}
	if tried < 6 {
		t.Errorf("only %d callbacks were tried", tried)
	}
}

// TestPanicsOfTokenSources lets the source of a credential panic under every call.
func TestPanicsOfTokenSources(t *testing.T) {
	t.Parallel()
	for _, s := range services {
		for name := range callsOf(s) {
			t.Run(s.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				stand := s.start(serverOptions{call: name})
				defer stand.server.Close()
				client := stand.connect(t, stand.wired())
				defer client.close()
				ctx := context.WithValue(t.Context(), panicKey{}, true)
				text := died(func() { _, _ = client.call(name)(ctx) })
				if text == "" && name == "SAMLRedirectURL" {
					return // it goes without
				}
				checkDeath(t, text, stand.secrets)
				if _, err := client.call(name)(t.Context()); err != nil {
					t.Errorf("after a panic, the client does not work any more: %v", err)
				}
			})
		}
	}
}

// panicKey is in the context of a call whose token sources shall panic.
type panicKey struct{}
