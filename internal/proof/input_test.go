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
		name := v.Type().Method(i).Name
		if name == "Call" || name == "CallPage" {
			continue // the tests of internal/rest have a table of what is wrong with their input
		}
		if method := v.Method(i); method.Type().NumIn() > 0 && method.Type().In(0) == reflect.TypeFor[context.Context]() {
			found[name] = method
		}
	}
	return found
}

// TestBadInput makes every call of every client with a nil context, with a nil or zero value of
// each argument, with a nil option, and of a client that is nil or was not made by its constructor:
// all of it is a ValidationError that names what is wrong, and nothing is sent.
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
			of := reflect.TypeOf(client.value)
			none, zero := inputs(reflect.Zero(of).Interface()), inputs(reflect.New(of.Elem()).Interface())
			for name, method := range methods {
				try := func(what string, method reflect.Value, args []reflect.Value) {
					t.Run(name+"/"+what, func(t *testing.T) {
						wantInvalid(t, method, args, what)
						if n := transport.sent.Swap(0); n != 0 {
							t.Errorf("%d requests were sent", n)
						}
					})
				}
				eachBadInput(method, signatures()[exportOf(client.value, name)], client.good[name], try)
				args := goodArgs(method, client.good[name])
				try("client is nil", none[name], args)
				try("client is zero", zero[name], args)
			}
		})
	}
}

// goodArgs returns the arguments of a call, the context included.
func goodArgs(method reflect.Value, good good) []reflect.Value {
	args := []reflect.Value{reflect.ValueOf(context.Background())}
	for i, given := range good() {
		in, arg := method.Type().In(i+1), reflect.ValueOf(given)
		if in.Kind() == reflect.Func && arg.Kind() == reflect.Slice {
			arg = iterator(in, arg)
		}
		args = append(args, arg.Convert(in))
	}
	return args
}

func eachBadInput(method reflect.Value, parameters []string, good good, try func(what string, method reflect.Value, args []reflect.Value)) {
	types := method.Type()
	fixed := types.NumIn() - 1 // without the options
	args := goodArgs(method, good)
	args[0] = reflect.Zero(types.In(0))
	try("ctx is nil", method, args)
	try("opts is nil", method, append(goodArgs(method, good), reflect.Zero(reflect.TypeFor[tenantkit.Option]())))
	for i := 1; i < fixed; i++ {
		if !mayBeZero(types.In(i)) {
			args := goodArgs(method, good)
			args[i] = reflect.Zero(types.In(i))
			try(parameters[i]+" is zero", method, args)
		}
	}
}

// mayBeZero tells whether the zero value of a type is good input: filters and options, of which
// nothing need be set.
func mayBeZero(t reflect.Type) bool {
	name := t.String()
	return strings.HasSuffix(name, "DesiredConnection") || strings.HasSuffix(name, "Options") || strings.HasSuffix(name, "Filter")
}

func wantInvalid(t *testing.T, method reflect.Value, args []reflect.Value, what string) {
	t.Helper()
	err := errorOf(method.Call(args))
	var invalid *tenantkit.ValidationError
	if !errors.As(err, &invalid) {
		t.Fatalf("the error is %T: %.300v", err, err)
	}
	parameter, _, _ := strings.Cut(what, " is ")
	at := site{names: []string{parameter}}
	if invalid.Operation == "" || invalid.Reason == "" || !at.named(invalid.Field) && alsoNamed[invalid.Field] != parameter && invalid.Field != parameter+"s" {
		t.Errorf("the error says little of %s: %#v", what, invalid)
	}
	if tenantkit.OutcomeOf(err) != tenantkit.OutcomeNotSent {
		t.Errorf("the outcome is %v", tenantkit.OutcomeOf(err))
	}
	checkText(t, err)
}

// checkText looks at the text of an error, which a program writes into a line of its log.
func checkText(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if text := fmt.Sprint(err); len(text) > 4096 || strings.ContainsAny(text, "\r\x00") {
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
