package rest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
)

func TestLinkToken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		link []string
		want string
		err  bool
	}{
		{"none", nil, "", false},
		{"empty", []string{""}, "", false},
		{"bracketed", []string{`<https://other.example/projects?token=1234>; rel="next"`}, "1234", false},
		{"without brackets", []string{`https://other.example/projects/?token=1234; rel="next"`}, "1234", false},
		{"without brackets, semicolon behind the token", []string{`https://other.example/projects/?token=1234;; rel="next"`}, "1234", false},
		{"semicolon in brackets", []string{`<https://other.example/?token=1234;>; rel="next"`}, "1234", false},
		{"semicolon that belongs to the token", []string{`</?token=12%3B34>; rel=next`}, "12;34", false},
		{"relative", []string{`<?x=1&token=a%2Fb%3D%3D&y=2>; rel=next`}, "a/b==", false},
		{"plus is a blank, as in any query", []string{`</?token=a+b>; rel=next`}, "a b", false},
		{"not encoded", []string{`</?token=100%>; rel=next`}, "100%", false},
		{"no token", []string{`</?page=2>; rel=next`}, "", false},
		{"empty token", []string{`</?token=>; rel=next`}, "", false},
		{"other relations", []string{`</?token=1>; rel=prev, </?token=3>; rel="last"`}, "", false},
		{"second line", []string{`</?token=1>; rel=prev`, `</?token=3>; rel="next"`}, "3", false},
		{"fragment", []string{`</?token=3#token=4>; rel="next"`}, "3", false},
		{"unreadable", []string{`/?token=3; rel="next"`}, "", true},
		{"not a URL", []string{`<https://[x/?token=3>; rel="next"`}, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := LinkToken("token")(responseTo(t, "https://library.example/api/entries", tt.link))
			if got != tt.want || (err != nil) != tt.err {
				t.Errorf("token = %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func responseTo(t *testing.T, request string, link []string) *http.Response {
	t.Helper()
	u, err := url.Parse(request)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Response{Header: http.Header{"Link": link}, Request: &http.Request{URL: u}}
}

func TestLinkURL(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, link, want string
		err              bool
	}{
		{"none", "", "", false},
		{"absolute", `<https://library.example/api/entries?page=2>; rel=next`, "https://library.example/api/entries?page=2", false},
		{"another spelling of the origin", `<HTTPS://Library.Example:443/x>; rel=next`, "https://library.example/x", false},
		{"relative query", `<?page=2>; rel=next`, "https://library.example/api/entries?page=2", false},
		{"relative path", `<more/2>; rel=next`, "https://library.example/api/more/2", false},
		{"query byte for byte", `<?b=%2f&a=é&c=%zz;d>; rel=next`, "https://library.example/api/entries?b=%2f&a=é&c=%zz;d", false},
		{"another host", `<https://evil.example/api/entries?page=2>; rel=next`, "", true},
		{"another host without scheme", `<//evil.example/>; rel=next`, "", true},
		{"another port", `<https://library.example:8443/>; rel=next`, "", true},
		{"downgrade", `<http://library.example/>; rel=next`, "", true},
		{"user info", `<https://library.example@evil.example/>; rel=next`, "", true},
		{"unreadable", `page 2`, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := LinkURL(responseTo(t, "https://library.example/api/entries?page=1", []string{tt.link}))
			if got != tt.want || (err != nil) != tt.err {
				t.Errorf("URL = %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// shelf is a server whose pages are read by their URLs.
type shelf struct {
	links map[string]string // by request URI
	asked []string
}

func (s *shelf) RoundTrip(req *http.Request) (*http.Response, error) {
	asked := req.URL.Host + req.URL.RequestURI()
	s.asked = append(s.asked, asked)
	return &http.Response{
		StatusCode: http.StatusOK, ContentLength: -1, Request: req,
		Header: http.Header{"Content-Type": {"application/json"}, "Link": {s.links[asked]}},
		Body:   io.NopCloser(strings.NewReader(fmt.Sprintf(`[{"name":%q}]`, asked))),
	}, nil
}

func (s *shelf) pager(t *testing.T) *Pager[entry] {
	t.Helper()
	client, err := New(API{Service: "library"}, "https://library.example/api", []tenantkit.Option{tenantkit.WithHTTPClient(&http.Client{Transport: s})})
	if err != nil {
		t.Fatal(err)
	}
	return &Pager[entry]{
		Client: client, Operation: &listEntries, Next: LinkURL,
		Call: func(next string) Call { return Call{Query: tokenQuery{"own"}, URL: next} },
	}
}

func TestAllByURL(t *testing.T) {
	t.Parallel()
	const first, second, third = "library.example/api/entries?token=own", "library.example/api/entries?b=%2f&a=;", "library.example/other"
	tests := []struct {
		name  string
		links map[string]string
		asked []string
		text  string
	}{
		{"to the end", map[string]string{first: `<?b=%2f&a=;>; rel=next`, second: `</other>; rel="next"`}, []string{first, second, third}, ""},
		{"the empty reference is a loop", map[string]string{first: `<>; rel=next`}, []string{first}, "one that was read before"},
		{"back to the first", map[string]string{first: `</other>; rel=next`, third: `</api/entries?token=own>; rel=next`}, []string{first, third}, "one that was read before"},
		{"to another origin", map[string]string{first: `</other>; rel=next`, third: `<https://evil.example/>; rel=next`}, []string{first, third}, "not followed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &shelf{links: tt.links}
			names, err := collect(s.pager(t), t.Context())
			if !slices.Equal(names, tt.asked) || !slices.Equal(s.asked, tt.asked) {
				t.Errorf("names %q of requests %q, want %q", names, s.asked, tt.asked)
			}
			if (err == nil) != (tt.text == "") || err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error = %v, want one with %q", err, tt.text)
			}
		})
	}
}

func TestPageOfAStoredURL(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	p := s.pager(t)
	if _, err := p.Page(t.Context(), "https://library.example/x?b=%2f#fragment", nil); err != nil {
		t.Fatal(err)
	}
	for _, stored := range []string{"https://evil.example/x", "http://library.example/x", "//library.example/x", "/x", "%", "https://u@library.example/x", "https://library.example/?a b"} {
		var invalid *tenantkit.ValidationError
		if _, err := p.Page(t.Context(), stored, nil); !errors.As(err, &invalid) || invalid.Field != "next" {
			t.Errorf("%q: %v", stored, err)
		}
	}
	if want := []string{"library.example/x?b=%2f"}; !slices.Equal(s.asked, want) {
		t.Errorf("asked for %q, want %q", s.asked, want)
	}
}
