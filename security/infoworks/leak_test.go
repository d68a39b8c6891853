package infoworks_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
)

// A server that repeats what it was sent, to a program that logs everything.
func TestNoSecretIsShown(t *testing.T) {
	t.Parallel()
	const minted = "MARKER-minted"
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder("GET", baseURL+"/security/token/access", func(req *http.Request) (*http.Response, error) {
		if req.Header.Get("Authorization") == "Basic MARKER-good" {
			return answer(http.StatusOK, `{"result":{"authentication_token":"`+minted+`"}}`), nil
		}
		return echo(req), nil
	})
	mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) { return echo(req), nil })

	var shown bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&shown, &slog.HandlerOptions{Level: slog.LevelDebug}))
	show := func(values ...any) {
		for _, value := range values {
			text, err := json.Marshal(value)
			if err != nil {
				t.Error(err)
			}
			fmt.Fprintf(&shown, "%v\n%+v\n%#v\n%s\n", value, value, value, text)
			logger.Info("shown", "value", value)
		}
	}
	var response tenantkit.Response
	opts := []tenantkit.Option{tenantkit.WithLogger(logger), tenantkit.WithResponse(&response)}
	good := newClient(t, mock, infoworks.Credentials{
		Username: username, Password: auth.StaticToken(password), RefreshToken: auth.StaticToken("MARKER-good"),
	}, opts...)
	bad := newClient(t, mock, both(), opts...)

	made, err := good.AccessToken(t.Context())
	show(made, err)
	_, err = good.Authenticate(t.Context())
	show(err, response)
	_, err = good.AuthoriseUser(t.Context(), &infoworks.Authorisation{Action: "read"})
	show(err, response)
	_, err = good.ValidateToken(t.Context(), tenantkit.NewSecret(minted))
	show(err, response)
	show(good.RevokeAccessToken(t.Context()), response)
	show(good.RegenerateRefreshToken(t.Context()), response)
	_, err = bad.TokenSource().Token(t.Context())
	show(err)
	_, err = bad.UserData(t.Context(), &infoworks.UserQuery{UserIDs: []string{"x"}})
	show(err, bad.TokenSource())
	fmt.Fprintf(&shown, "%v %+v %#v\n", both(), both(), both())
	if token, err := good.TokenSource().Token(t.Context()); err != nil || token.Value.Reveal() != minted {
		t.Errorf("got %v, %v", token, err)
	}
	fmt.Fprintf(&shown, "%v %+v %#v\n", good.TokenSource(), good.TokenSource(), *good)

	for line := range strings.Lines(shown.String()) {
		if strings.Contains(line, "MARKER") || strings.Contains(line, strings.TrimPrefix(passwordHeader, "Basic ")) {
			t.Errorf("a secret is shown: %s", line)
		}
	}
	if shown.Len() < 1000 {
		t.Errorf("little was shown:\n%s", &shown)
	}
}

// echo is a refusal that repeats the credential.
func echo(req *http.Request) *http.Response {
	credential := req.Header.Get("Authorization")
	_, bare, _ := strings.Cut(credential, " ")
	body, err := json.Marshal(map[string]any{
		"message": "wrong: " + credential, "details": map[string]string{"token": bare}, "iw_code": "IW10004", "help": "https://x/" + bare,
	})
	if err != nil {
		body = []byte(err.Error())
	}
	response := answer(http.StatusForbidden, string(body))
	response.Header.Set("X-Echo", credential)
	return response
}
