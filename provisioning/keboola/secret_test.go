package keboola_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
)

// tokens is a source of tokens made of texts.
func tokens(next func() string) auth.TokenSource {
	return auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
		return auth.Token{Value: tenantkit.NewSecret(next())}, nil
	})
}

// However a value is shown, its secrets are not.
func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	claims := &keboola.SSOClaims{EncryptedClaims: tenantkit.NewSecret("MARKER"), SSOProvider: "p"}
	form, err := claims.LoginForm(keboola.GoodDataURLUS, "/")
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []any{
		&keboola.Project{PID: "p", Token: tenantkit.NewSecret("MARKER")},
		&keboola.NewProject{Name: "n", CustomToken: tenantkit.NewSecret("MARKER")},
		&keboola.CreatedProjectWithUser{Password: tenantkit.NewSecret("MARKER")},
		ada(),
		&keboola.ProjectLogin{Password: tenantkit.NewSecret("MARKER")},
		claims, form,
	} {
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("value", "value", value)
		slog.New(slog.NewTextHandler(&log, nil)).Info("value", "value", value)
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Error(err)
		}
		text := fmt.Sprintf("%v %+v %#v %s %q", value, value, value, value, value) + log.String() + string(encoded)
		if shows(text) {
			t.Errorf("%T is shown: %s", value, text)
		}
	}
}

// Secrets that a server sends back are not in errors, responses and logs.
func TestEchoedSecrets(t *testing.T) {
	t.Parallel()
	const echo = `{"errorMessage":"token ` + testToken + ` and password MARKER-password","errorCode":"` + testToken + `"}`
	for _, status := range []int{http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusCreated} {
		var (
			log      bytes.Buffer
			response tenantkit.Response
		)
		logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c, mock := newMock(t, tenantkit.WithLogger(logger))
		answer := httpmock.NewStringResponse(status, echo)
		answer.Header = http.Header{"Content-Type": {"application/json"}, "X-Storageapi-Token": {testToken}, "X-Echo": {testToken}}
		mock.RegisterNoResponder(httpmock.ResponderFromResponse(answer))
		_, err := c.CreateUser(t.Context(), ada(), tenantkit.WithResponse(&response))
		var failed *tenantkit.Error
		if !errors.As(err, &failed) {
			t.Fatalf("%d: %v", status, err)
		}
		logger.Error("failed", "error", err)
		encoded, jsonErr := json.Marshal(failed)
		if jsonErr != nil {
			t.Error(jsonErr)
		}
		text := fmt.Sprintf("%v %+v %#v %+v", err, failed, *failed, response) + log.String() + string(encoded)
		if shows(text) {
			t.Errorf("%d: a secret is shown: %s", status, text)
		}
	}
}
