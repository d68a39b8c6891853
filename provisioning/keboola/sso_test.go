package keboola_test

import (
	"errors"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
)

func TestLoginForm(t *testing.T) {
	t.Parallel()
	claims := &keboola.SSOClaims{EncryptedClaims: tenantkit.NewSecret("-----BEGIN PGP MESSAGE-----\n..."), SSOProvider: "keboola.com"}
	const target = "/#s=/gdc/projects/p|projectDashboardPage"
	for base, action := range map[string]string{
		keboola.GoodDataURLUS:              "https://secure.gooddata.com/gdc/account/customerlogin",
		keboola.GoodDataURLEU + "/":        "https://keboola.eu.gooddata.com/gdc/account/customerlogin",
		"https://my.example.org:8443/base": "https://my.example.org:8443/base/gdc/account/customerlogin",
		"http://127.0.0.1:8080":            "http://127.0.0.1:8080/gdc/account/customerlogin",
	} {
		form, err := claims.LoginForm(base, target)
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		want := &keboola.LoginForm{Action: action, EncryptedClaims: claims.EncryptedClaims, SSOProvider: "keboola.com", TargetURL: target}
		if diff := cmp.Diff(want, form); diff != "" {
			t.Errorf("%s: the form differs (-want +got):\n%s", base, diff)
		}
		values := url.Values{"encryptedClaims": {"-----BEGIN PGP MESSAGE-----\n..."}, "ssoProvider": {"keboola.com"}, "targetUrl": {target}}
		if diff := cmp.Diff(values, form.Values()); diff != "" {
			t.Errorf("%s: the fields differ (-want +got):\n%s", base, diff)
		}
	}
}

func TestLoginFormRefuses(t *testing.T) {
	t.Parallel()
	good := &keboola.SSOClaims{EncryptedClaims: tenantkit.NewSecret("c"), SSOProvider: "p"}
	for _, tt := range []struct {
		name, base, target, field string
		claims                    *keboola.SSOClaims
	}{
		{"no claims", keboola.GoodDataURLUS, "/", "claims", nil},
		{"empty claims", keboola.GoodDataURLUS, "/", "claims", &keboola.SSOClaims{SSOProvider: "p"}},
		{"no provider", keboola.GoodDataURLUS, "/", "claims", &keboola.SSOClaims{EncryptedClaims: tenantkit.NewSecret("c")}},
		{"redacted claims", keboola.GoodDataURLUS, "/", "claims", &keboola.SSOClaims{EncryptedClaims: tenantkit.NewSecret(tenantkit.Redacted), SSOProvider: "p"}},
		{"plain http", "http://secure.gooddata.com", "/", "goodDataURL", good},
		{"no URL", "%", "/", "goodDataURL", good},
		{"relative URL", "/gdc", "/", "goodDataURL", good},
		{"another scheme", "ftp://secure.gooddata.com", "/", "goodDataURL", good},
		{"user", "https://u@secure.gooddata.com", "/", "goodDataURL", good},
		{"query", "https://secure.gooddata.com?a", "/", "goodDataURL", good},
		{"empty query", "https://secure.gooddata.com?", "/", "goodDataURL", good},
		{"fragment", "https://secure.gooddata.com#a", "/", "goodDataURL", good},
		{"no target", keboola.GoodDataURLUS, "", "targetURL", good},
		{"target elsewhere", keboola.GoodDataURLUS, "https://evil.example/", "targetURL", good},
		{"target on another host", keboola.GoodDataURLUS, "//evil.example/", "targetURL", good},
		{"target with a backslash", keboola.GoodDataURLUS, `/\evil.example/`, "targetURL", good},
		{"target with a tab", keboola.GoodDataURLUS, "/\t/evil.example/", "targetURL", good},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			form, err := tt.claims.LoginForm(tt.base, tt.target)
			var invalid *tenantkit.ValidationError
			if form != nil || !errors.As(err, &invalid) || invalid.Operation != "LoginForm" || invalid.Field != tt.field {
				t.Errorf("form %v, error %v, want one of %s", form, err, tt.field)
			}
		})
	}
}
