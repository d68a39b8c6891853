package proof

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tenantkit/tenantkit"
)

// huge is longer than any name.
var huge = strings.Repeat("a", 10<<20)

// badIDs are texts that are no segment of a path.
var badIDs = map[string]string{
	"empty": "", "a step up": "..", "a dot": ".", "a slash": "a/b", "a slash at its begin": "/", "10 MiB": huge, "NUL": "a\x00b", "CR LF": "a\r\nX-Evil: b",
	"DEL": "a\x7fb", "invalid UTF-8": "a\xffb",
}

// onlyInPaths are those that may stand in a body.
var onlyInPaths = map[string]bool{"a step up": true, "a dot": true, "a slash": true, "a slash at its begin": true}

// pathOf returns the path of the operation that a call ends in.
func (s service) pathOf(call string) string { return s.operation(callsOf(s)[call]).Path }

// countingTransport counts what is sent. It must stay at zero.
type countingTransport struct{ sent atomic.Int64 }

func (c *countingTransport) RoundTrip(*http.Request) (*http.Response, error) {
	c.sent.Add(1)
	return nil, errors.New("nothing must be sent")
}

// inputs returns every exported call of a client that takes a context, by its name.
func inputs(client any) map[string]reflect.Value {
	found := make(map[string]reflect.Value)
	v := reflect.ValueOf(client)
	for i := range v.NumMethod() {
		if method := v.Method(i); method.Type().NumIn() > 0 && method.Type().In(0) == reflect.TypeFor[context.Context]() {
			found[v.Type().Method(i).Name] = method
		}
	}
	return found
}

// TestBadInput calls every exported method of every client with a nil context, with a nil or zero value of each argument, with a nil option,
// and with texts that cannot stand in a path: all of it is a ValidationError that names what is wrong, and nothing is sent.
func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, s := range services {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			stand := s.start(serverOptions{})
			defer stand.server.Close()
			transport := new(countingTransport)
			client := stand.connect(t, tenantkit.WithHTTPClient(&http.Client{Transport: transport}), tenantkit.WithRetry(tenantkit.NoRetry()))
			methods := inputs(client.value)
			if len(methods) < len(s.operations) {
				t.Errorf("%d methods for %d operations", len(methods), len(s.operations))
			}
			for name, method := range methods {
				inPath := strings.Contains(s.pathOf(name), "{")
				eachBadInput(method, inPath, func(what string, method reflect.Value, args []reflect.Value) {
					t.Run(name+"/"+what, func(t *testing.T) {
						wantInvalid(t, method, args)
						if n := transport.sent.Swap(0); n != 0 {
							t.Errorf("%d requests were sent", n)
						}
					})
				})
			}
		})
	}
}

func eachBadInput(method reflect.Value, inPath bool, try func(what string, method reflect.Value, args []reflect.Value)) {
	types := method.Type()
	fixed := types.NumIn() - 1 // without the options
	good := func() []reflect.Value {
		args := []reflect.Value{reflect.ValueOf(context.Background())}
		for i := 1; i < fixed; i++ {
			args = append(args, plausible(types.In(i)))
		}
		return args
	}
	args := good()
	args[0] = reflect.Zero(types.In(0))
	try("nil context", method, args)
	try("nil option", method, append(good(), reflect.Zero(reflect.TypeFor[tenantkit.Option]())))
	for i := 1; i < fixed; i++ {
		in := types.In(i)
		switch {
		case mayBeZero(in):
		case in.Kind() == reflect.String && in == reflect.TypeFor[string]():
			for what, text := range badIDs {
				if !inPath && onlyInPaths[what] {
					continue
				}
				args := good()
				args[i] = reflect.ValueOf(text)
				try(fmt.Sprintf("argument %d is %s", i, what), method, args)
			}
		default:
			args := good()
			args[i] = reflect.Zero(in)
			try(fmt.Sprintf("argument %d is zero", i), method, args)
		}
	}
}

// mayBeZero tells whether the zero value of a type is good input: filters and options, of which nothing need be set.
func mayBeZero(t reflect.Type) bool {
	name := t.String()
	return strings.HasSuffix(name, "Options") || strings.HasSuffix(name, "Filter") || t.Kind() == reflect.Interface
}

// plausible returns a value that is not nil and not empty.
func plausible(t reflect.Type) reflect.Value {
	switch t.Kind() {
	case reflect.String:
		return reflect.ValueOf("x").Convert(t)
	case reflect.Pointer:
		return reflect.New(t.Elem())
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

func wantInvalid(t *testing.T, method reflect.Value, args []reflect.Value) {
	t.Helper()
	err := errorOf(method.Call(args))
	var invalid *tenantkit.ValidationError
	if !errors.As(err, &invalid) {
		t.Fatalf("the error is %T: %.300v", err, err)
	}
	if invalid.Operation == "" || invalid.Field == "" || invalid.Reason == "" {
		t.Errorf("the error says little: %#v", invalid)
	}
	if tenantkit.OutcomeOf(err) != tenantkit.OutcomeNotSent {
		t.Errorf("the outcome is %v", tenantkit.OutcomeOf(err))
	}
	if text := err.Error(); len(text) > 4096 || strings.ContainsAny(text, "\r\x00") {
		t.Errorf("the text of the error has %d bytes: %.200q", len(text), text)
	}
}

// errorOf returns the error of a call, or the one that its iteration yields.
func errorOf(results []reflect.Value) error {
	last := results[len(results)-1]
	if last.Kind() != reflect.Func {
		err, _ := last.Interface().(error)
		return err
	}
	var failed error
	for _, err := range iter.Seq2[reflect.Value, reflect.Value](last.Seq2()) {
		failed, _ = err.Interface().(error)
	}
	return failed
}
