package proof

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/tenantkit/tenantkit"
)

// evidence is all text that a program can come to show of a call.
type evidence struct {
	mu    sync.Mutex
	shown bytes.Buffer
}

func (e *evidence) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.shown.Write(p)
}

// logger returns one that logs everything here, as JSON or as text.
func (e *evidence) logger(asJSON bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelDebug - 4, AddSource: true}
	if asJSON {
		return slog.New(slog.NewJSONHandler(e, options))
	}
	return slog.New(slog.NewTextHandler(e, options))
}

// show shows a value in every way.
func (e *evidence) show(values ...any) {
	for _, value := range values {
		fmt.Fprintf(e, "%v\n%+v\n%#v\n%s\n%q\n", value, value, value, value, value)
		if text, err := json.Marshal(value); err != nil {
			fmt.Fprintln(e, err)
		} else {
			fmt.Fprintf(e, "%s\n", text)
		}
		e.logger(false).Info("shown", "value", value)
		e.logger(true).Info("shown", "value", value)
		if err, ok := value.(error); ok {
			e.showCauses(err)
		}
	}
}

// showCauses shows what is within an error, and its fields where they can be had.
func (e *evidence) showCauses(err error) {
	var failed *tenantkit.Error
	if errors.As(err, &failed) {
		fmt.Fprintf(e, "%v %+v %#v\n", *failed, *failed, *failed)
	}
	switch wrapped := err.(type) {
	case interface{ Unwrap() error }:
		if cause := wrapped.Unwrap(); cause != nil {
			fmt.Fprintf(e, "%v\n%+v\n%#v\n", cause, cause, cause)
			e.showCauses(cause)
		}
	case interface{ Unwrap() []error }:
		for _, cause := range wrapped.Unwrap() {
			fmt.Fprintf(e, "%v\n%+v\n%#v\n", cause, cause, cause)
			e.showCauses(cause)
		}
	}
}

// check looks for secrets in what was shown, and in the URLs that left.
func (e *evidence) check(t testing.TB, w *wire, secrets []string, result any) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var urls strings.Builder
	for _, s := range w.sent {
		fmt.Fprintln(&urls, s.url)
		secrets = append(secrets, credentialsIn(s.header)...)
	}
	secrets = append(secrets, secretsIn(reflect.ValueOf(result), nil)...)
	e.mu.Lock()
	shown := e.shown.String()
	e.mu.Unlock()
	seen := make(map[string]bool)
	for _, secret := range secrets {
		if seen[secret] || len(secret) < 4 {
			continue
		}
		seen[secret] = true
		if strings.Contains(urls.String(), secret) {
			t.Errorf("a URL holds a secret: %s", urls.String())
		}
		if !strings.Contains(shown, secret) {
			continue
		}
		for line := range strings.Lines(shown) {
			if strings.Contains(line, secret) {
				t.Errorf("a secret is shown (%.12s…): %.2000s", secret, line)
				break
			}
		}
	}
	if len(shown) < 100 || len(seen) < 2 {
		t.Errorf("little was looked at: %d bytes for %d secrets", len(shown), len(seen))
	}
}

// secretsIn returns the secrets that a result holds, which its owner may use and nobody may print.
func secretsIn(v reflect.Value, found []string) []string {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			found = secretsIn(v.Elem(), found)
		}
	case reflect.Struct:
		if secret, ok := v.Interface().(tenantkit.Secret); ok {
			return append(found, secret.Reveal())
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				found = secretsIn(v.Field(i), found)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			found = secretsIn(v.Index(i), found)
		}
	}
	return found
}
