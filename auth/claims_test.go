package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

func TestParseClaims(t *testing.T) {
	t.Parallel()
	iat, exp := time.Unix(1700000000, 0), time.Unix(1700000900, 0)
	tests := map[string]struct {
		claims map[string]any
		want   auth.Claims
	}{
		"google": {
			map[string]any{
				"iss": "https://accounts.google.com", "aud": "https://app.worklytics.co", "sub": "117", "email": "a@b.iam.gserviceaccount.com",
				"email_verified": true, "iat": 1700000000, "exp": 1700000900,
			},
			auth.Claims{
				Issuer: "https://accounts.google.com", Audience: []string{"https://app.worklytics.co"}, Subject: "117",
				Email: "a@b.iam.gserviceaccount.com", IssuedAt: iat, Expiry: exp,
			},
		},
		"cognito": {
			map[string]any{
				"iss": "https://cognito-identity.amazonaws.com", "aud": "us-east-1:4f2b", "sub": "us-east-1:77",
				"amr": []string{"authenticated", "intl.worklytics.co", "intl.worklytics.co:us-east-1:4f2b:john@acme.com"}, "nbf": 1700000000,
			},
			auth.Claims{
				Issuer: "https://cognito-identity.amazonaws.com", Audience: []string{"us-east-1:4f2b"}, Subject: "us-east-1:77",
				Methods: []string{"authenticated", "intl.worklytics.co", "intl.worklytics.co:us-east-1:4f2b:john@acme.com"}, NotBefore: iat,
			},
		},
		"infoworks, sub is JSON as text": {
			map[string]any{"sub": `{"email":"admin@infoworks.io","scope":{"action":"all"}}`, "iat": 1700000000, "exp": 1700000900, "jti": "x"},
			auth.Claims{Subject: `{"email":"admin@infoworks.io","scope":{"action":"all"}}`, IssuedAt: iat, Expiry: exp},
		},
		"several audiences": {
			map[string]any{"aud": []string{"a", "b"}},
			auth.Claims{Audience: []string{"a", "b"}},
		},
		"times as text, and with a fraction": {
			map[string]any{"iat": "1700000000", "exp": 1700000900.5},
			auth.Claims{IssuedAt: iat, Expiry: exp.Add(time.Second / 2)},
		},
		"nulls": {
			map[string]any{"iss": nil, "aud": nil, "exp": nil},
			auth.Claims{},
		},
		"nothing": {map[string]any{}, auth.Claims{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := auth.ParseClaims(jwtOf(test.claims))
			if err != nil {
				t.Fatal(err)
			}
			if len(got.All) != len(test.claims) {
				t.Errorf("%d of %d claims are kept", len(got.All), len(test.claims))
			}
			got.All = nil
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseClaimsKeepsNumbers(t *testing.T) {
	t.Parallel()
	claims, err := auth.ParseClaims(jwtOf(map[string]any{"tenant": json.Number("123456789012345678901")}))
	if err != nil || claims.All["tenant"] != json.Number("123456789012345678901") {
		t.Errorf("got %v, %v", claims.All["tenant"], err)
	}
}

func TestParseClaimsRejects(t *testing.T) {
	t.Parallel()
	const marker = "MARKER"
	encode := base64.RawURLEncoding.EncodeToString
	tests := map[string]string{
		"nothing":                   "",
		"API key":                   marker,
		"two parts":                 marker + "." + marker,
		"four parts":                jwtOf(map[string]any{"a": marker}).Reveal() + ".e30",
		"header is no base64":       marker + "!.e30.",
		"header is no JSON":         encode([]byte(marker)) + ".e30.",
		"payload is no JSON":        "e30." + encode([]byte(marker)) + ".",
		"payload is a list":         "e30." + encode([]byte(`["`+marker+`"]`)) + ".",
		"issuer is a number":        jwtOf(map[string]any{"iss": 12345, "marker": marker}).Reveal(),
		"audience holds a number":   jwtOf(map[string]any{"aud": []any{"a", 1}, "marker": marker}).Reveal(),
		"methods is an object":      jwtOf(map[string]any{"amr": map[string]any{marker: 1}}).Reveal(),
		"expiry is a text":          jwtOf(map[string]any{"exp": marker}).Reveal(),
		"expiry is a boolean":       jwtOf(map[string]any{"exp": true}).Reveal(),
		"expiry is negative":        jwtOf(map[string]any{"exp": -1}).Reveal(),
		"expiry is beyond all time": jwtOf(map[string]any{"exp": 1e300}).Reveal(),
		"expiry is no number":       jwtOf(map[string]any{"exp": "NaN"}).Reveal(),
	}
	for name, token := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claims, err := auth.ParseClaims(tenantkit.NewSecret(token))
			if err == nil {
				t.Fatalf("got %+v", claims)
			}
			if strings.Contains(err.Error(), marker) {
				t.Errorf("the error quotes the token: %v", err)
			}
		})
	}
}

// A token may be signed by a method that this module has never heard of, or not at all.
func TestParseClaimsOfAnySignature(t *testing.T) {
	t.Parallel()
	encode := base64.RawURLEncoding.EncodeToString
	for _, header := range []string{`{}`, `{"alg":"none"}`, `{"alg":"ML-DSA-65"}`, `{"alg":"RS512"}`} {
		claims, err := auth.ParseClaims(tenantkit.NewSecret(encode([]byte(header)) + "." + encode([]byte(`{"sub":"me"}`)) + ".c2ln"))
		if err != nil || claims.Subject != "me" {
			t.Errorf("%s: got %q, %v", header, claims.Subject, err)
		}
	}
}

func TestSourcesReadTheExpiryOfATokenFromItsClaims(t *testing.T) {
	exp := time.Unix(1700000900, 0)
	token := jwtOf(map[string]any{"exp": exp.Unix()})
	t.Setenv("TENANTKIT_TEST_TOKEN", token.Reveal())
	for name, source := range map[string]auth.TokenSource{
		"StaticToken": auth.StaticToken(token.Reveal()),
		"Env":         auth.Env("TENANTKIT_TEST_TOKEN"),
	} {
		got, err := source.Token(t.Context())
		if err != nil || !got.Expiry.Equal(exp) || got.Value != token {
			t.Errorf("%s: got the expiry %v, %v", name, got.Expiry, err)
		}
	}
}

func FuzzParseClaims(f *testing.F) {
	f.Add("")
	f.Add("not.a.token")
	f.Add("e30.e30.")
	f.Add(jwtOf(map[string]any{"iss": "i", "aud": []string{"a"}, "exp": 1700000900, "iat": "1", "amr": []string{"x"}}).Reveal())
	f.Add(jwtOf(map[string]any{"sub": `{"email":"admin@infoworks.io"}`, "exp": 1e308, "nbf": -1}).Reveal())
	f.Fuzz(func(t *testing.T, token string) {
		claims, err := auth.ParseClaims(tenantkit.NewSecret(token))
		if err != nil {
			if len(err.Error()) > 200 {
				t.Errorf("the error is as long as the token: %v", err)
			}
			return
		}
		for _, when := range []time.Time{claims.IssuedAt, claims.NotBefore, claims.Expiry} {
			if _, err := when.MarshalJSON(); err != nil {
				t.Errorf("a time that cannot be written: %v", err)
			}
		}
	})
}
