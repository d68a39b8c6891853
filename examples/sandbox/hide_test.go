package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTarget(t *testing.T) {
	t.Parallel()
	const secret = "s3cret/Value+&="
	var v vault
	v.learn(secret, "plain-secret", "short")
	tests := map[string]struct{ path, query, want string }{
		"nothing to hide":          {"/api/v2/a%2Fb/short", "x=1&y=a%20b;z", "/api/v2/a%2Fb/short?x=1&y=a%20b&z"},
		"in a segment":             {"/users/plain-secret/x", "", "/users/[hidden]/x"},
		"in a part of a segment":   {"/users/a-plain-secret.json", "", "/users/a-[hidden].json"},
		"escaped in a segment":     {"/users/" + url.PathEscape(secret), "", "/users/[hidden]"},
		"all escaped":              {"/users/%70%6c%61%69%6e%2dsecret", "", "/users/[hidden]"},
		"escaped twice":            {"/users/%2570lain-secret", "", "/users/[hidden]"},
		"escaped too often to see": {"/x/%2525252541", "", "[hidden]"},
		"with a slash":             {"/users/" + secret + "/x", "", "/users/[hidden]/x"},
		"in a value":               {"/x", "a=1&b=plain-secret", "/x?a=1&b=[hidden]"},
		"escaped in a value":       {"/x", "b=" + url.QueryEscape(secret), "/x?b=[hidden]"},
		"as a name":                {"/x", "plain-secret", "/x?[hidden]"},
		"over several parameters":  {"/x", secret, "/x?[hidden]"},
		"under the name of one":    {"/x", "api_key=ab&PASSWORD=cd&x-token=&%74oken=e", "/x?api_key=[hidden]&PASSWORD=[hidden]&x-token=[hidden]&%74oken=[hidden]"},
		"places of pages":          {"/x", "nextPageToken=YWZ0ZXI%2BMg%3D%3D", "/x?nextPageToken=YWZ0ZXI%2BMg%3D%3D"},
		"JSON Web Token":           {"/x/eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln", "", "/x/[hidden]"},
		"long word":                {"/x/" + strings.Repeat("aB3", 14), "", "/x/[hidden]"},
		"in base64":                {"/x", "y=" + base64.StdEncoding.EncodeToString([]byte("plain-secret")), "/x?y=[hidden]"},
		"escapes that are none":    {"/x", "a=%zz&b=1", "/x?a=[hidden]&b=1"},
		"percent sign":             {"/100%25", "a=100%25", "/100%25?a=100%25"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := v.target(test.path, test.query); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestBody(t *testing.T) {
	t.Parallel()
	var v vault
	v.learn("plain-secret", "plain-word", `quo"ted`)
	deep := strings.Repeat("[", 20000)
	tests := map[string]struct{ body, want string }{
		"none":           {"", ""},
		"plain":          {`{"b": [1, 2.50, true, null, "x<y"], "a": {}}`, `{"a":{},"b":[1,2.50,true,null,"x<y"]}`},
		"known":          {`{"a":"my plain-secret here","plain-word":["quo\"ted"]}`, `{"[hidden]":["[hidden]"],"a":"my [hidden] here"}`},
		"escaped":        {`{"a":"\u0070lain-secret"}`, `{"a":"[hidden]"}`},
		"by name":        {`{"api_key":"x","Password":{"a":1},"refreshToken":["y"],"db_password":7}`, `{"Password":"[hidden]","api_key":"[hidden]","db_password":"[hidden]","refreshToken":"[hidden]"}`},
		"twice":          {`{"password":"x","password":"y"}`, `{"password":"[hidden]"}`},
		"kind of token":  {`{"keboolaToken":"demo"}`, `{"keboolaToken":"demo"}`},
		"text":           {`"plain-secret"`, `"[hidden]"`},
		"not JSON":       {"password=plain-secret", "21 bytes that are not JSON, or too long to show"},
		"more than JSON": {`{} plain-secret`, "15 bytes that are not JSON, or too long to show"},
		"cut off":        {`{"password":"plain-sec`, "22 bytes that are not JSON, or too long to show"},
		"too deep":       {deep, "20000 bytes that are not JSON, or too long to show"},
		"too long":       {`"` + strings.Repeat("x ", longest) + `"`, fmt.Sprint(2*longest+2, " bytes that are not JSON, or too long to show")},
		"long":           {`"` + strings.Repeat("ä ", shown) + `"`, `"` + strings.Repeat("ä ", shown/2)[:3*shown/2-1] + "…"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, v.body([]byte(test.body))); diff != "" {
				t.Errorf("differs (-want +got):\n%s", diff)
			}
		})
	}
}

// What a request carries where secrets go is hidden wherever it turns up later.
func TestCarried(t *testing.T) {
	t.Parallel()
	pair := base64.StdEncoding.EncodeToString([]byte("ada:swordfish"))
	got := carried(request{
		Header:   http.Header{"Authorization": {"Basic " + pair}, "X-Api-Key": {"key one", "key-two"}, "Accept": {"text/plain"}},
		RawQuery: "token=a%2Bb&x=y",
		Body:     []byte(`{"info":{"name":"x"},"users":[{"api_key":"k1"}],"credentials":{"list":["k2",3]}}`),
	})
	seen := make(map[string]bool)
	for _, secret := range got {
		seen[secret] = true
	}
	for _, want := range []string{"Basic " + pair, pair, "ada:swordfish", "swordfish", "key one", "key-two", "a+b", "k1", "k2"} {
		if !seen[want] {
			t.Errorf("%q is not among %q", want, got)
		}
		delete(seen, want)
	}
	delete(seen, "one")
	if len(seen) > 0 {
		t.Errorf("taken for secrets: %v", seen)
	}
}

// The vault is bounded; what it forgets is the oldest.
func TestVaultIsBounded(t *testing.T) {
	t.Parallel()
	var v vault
	var secrets []string
	for i := range known + 1 {
		secrets = append(secrets, fmt.Sprintf("secret-%05d", i))
	}
	v.learn(secrets...)
	v.learn(secrets[known])
	if got := len(v.secrets); got != known || len(v.seen) != known {
		t.Errorf("%d secrets are known, want %d", got, known)
	}
	if got := v.text(secrets[0] + " " + secrets[known]); got != "secret-00000 [hidden]" {
		t.Errorf("got %q", got)
	}
}

// No secret that a fake was started with, was given, or made itself is on the page.
func TestPageShowsNoSecret(t *testing.T) {
	t.Parallel()
	box, page := opened(t)
	sent := runAll(t, box)
	var secrets []string
	for _, s := range box.systems {
		for _, c := range s.credentials {
			secrets = append(secrets, c.value)
		}
		secrets = append(secrets, s.secrets()...)
	}
	secrets = slices.DeleteFunc(secrets, func(secret string) bool { return secret == "" })
	secrets = append(secrets, "alan-gooddata-password", "wrong-password", "wrong-key")
	tenants := box.systems[0].baseURL + "/admin/tenants"
	for _, secret := range secrets {
		name, err := json.Marshal("it is " + secret)
		if err != nil {
			t.Fatal(err)
		}
		ask(t, "POST", tenants, `{"info":{"name":`+string(name)+`},"topology":{"type":`+string(name)+`}}`, argoKey, "Accept: application/json")
		ask(t, "GET", tenants+"/"+url.PathEscape(secret)+"?q="+url.QueryEscape(secret), "", argoKey)
		sent += 2
	}
	got := settled(t, box, page, sent)
	for _, secret := range secrets {
		for _, way := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if strings.Contains(got, way) {
				t.Errorf("%q is on the page", way)
			}
		}
	}
	if !strings.Contains(got, "it is [hidden]") {
		t.Error("the tenants that are named like secrets are not on the page")
	}
}

// The credentials are hidden before anybody used them.
func TestNamesLikeUnusedCredentials(t *testing.T) {
	t.Parallel()
	box, page := opened(t)
	sent := 0
	for _, s := range box.systems {
		for _, c := range s.credentials {
			ask(t, "POST", box.systems[0].baseURL+"/admin/tenants", `{"info":{"name":"it is `+c.value+`"}}`, argoKey, "Accept: application/json")
			sent++
		}
	}
	got := settled(t, box, page, sent)
	for _, s := range box.systems {
		for _, c := range s.credentials {
			if strings.Contains(got, c.value) {
				t.Errorf("the %s of %s is on the page", c.name, s.name)
			}
		}
	}
}

func FuzzHide(f *testing.F) {
	const secret = "s3cret/Value+&="
	for _, seed := range [][3]string{
		{"/a/" + secret, "q=" + secret, `{"a":"` + secret + `"}`},
		{"/a/" + url.PathEscape(secret), url.QueryEscape(secret) + "=1", `["\u00733cret\/Value+&="]`},
		{"/%2573%33cret/Value+%26=", "a=%zz", `{"s3cret/Value+&=":1}`},
		{"/s3cret/Value+", "&=", "s3cret/Value+&="},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, path, query, body string) {
		var v vault
		v.learn(secret)
		for _, got := range []string{v.target(path, query), v.body([]byte(body)), v.text(path + query + body)} {
			if strings.Contains(got, secret) {
				t.Errorf("%q is in %q", secret, got)
			}
			if plain, err := url.PathUnescape(got); err == nil && strings.Contains(plain, secret) && got != v.text(path+query+body) {
				t.Errorf("%q is in %q, unescaped", secret, got)
			}
		}
	})
}
