package link

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustParse(t *testing.T, rawURL string) *url.URL {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestNext(t *testing.T) {
	t.Parallel()
	const request = "https://api.example.com/v1/users?page=1&q=a%20b"
	tests := []struct {
		name  string
		lines []string
		want  string // empty: no next link
	}{
		{"no header", nil, ""},
		{"empty header", []string{""}, ""},
		{"no next link", []string{`</p1>; rel="prev", </p9>; rel="last"`}, ""},
		{"absolute target", []string{`<https://api.example.com/v1/users?page=2>; rel="next"`}, "https://api.example.com/v1/users?page=2"},
		{"documented by Keboola", []string{`https://api.example.com/v1/users/?nextPageToken=1234; rel="next"`}, "https://api.example.com/v1/users/?nextPageToken=1234"},
		{"among others", []string{`</p1>; rel="prev"`, `</p3>; rel="next", </p9>; rel="last"`}, "https://api.example.com/p3"},
		{"first of several", []string{`</p2>; rel="last next", </p3>; rel="next"`}, "https://api.example.com/p2"},
		{"absolute path", []string{`</v2/users?page=2>; rel="next"`}, "https://api.example.com/v2/users?page=2"},
		{"relative path", []string{`<groups?page=2>; rel="next"`}, "https://api.example.com/v1/groups?page=2"},
		{"parent path", []string{`<../v2/./users>; rel="next"`}, "https://api.example.com/v2/users"},
		{"only a query", []string{`<?page=2>; rel="next"`}, "https://api.example.com/v1/users?page=2"},
		{"empty query", []string{`<?>; rel="next"`}, "https://api.example.com/v1/users?"},
		{"same scheme, other host", []string{`<//files.example.com/p2>; rel="next"`}, "https://files.example.com/p2"},
		{"at sign does not become user info", []string{`<@evil.example/p2>; rel="next"`}, "https://api.example.com/v1/@evil.example/p2"},
		{"backslashes do not become a host", []string{`</\evil.example/p2>; rel="next"`}, "https://api.example.com/%5Cevil.example/p2"},
		{"query byte for byte", []string{`</p?a=%zz&b=c+d%20e;f=[g]|{h}&i='j'&k=%e4%E4&&=>; rel="next"`}, "https://api.example.com/p?a=%zz&b=c+d%20e;f=[g]|{h}&i='j'&k=%e4%E4&&="},
		{"escaped slash in the path", []string{`</p%2F2>; rel="next"`}, "https://api.example.com/p%2F2"},
		{"fragment dropped", []string{`</p2?page=2#top>; rel="next"`}, "https://api.example.com/p2?page=2"},
		{"broken fragment dropped", []string{`</p2#%zz%>; rel="next"`}, "https://api.example.com/p2"},
		{"blanks around the target", []string{"<\t /p2 >; rel=\"next\""}, "https://api.example.com/p2"},
		{"empty target is the request", []string{`<>; rel="next"`}, request},
		{"only a fragment is the request", []string{`<#more>; rel="next"`}, request},

		{"anchor elsewhere", []string{`</p2>; rel="next"; anchor="/v1/groups"`}, ""},
		{"anchor elsewhere, then one without", []string{`</p2>; rel="next"; anchor="/v1/groups", </p3>; rel="next"`}, "https://api.example.com/p3"},
		{"anchor on a part of the answer", []string{`</p2>; rel="next"; anchor="#second"`}, ""},
		{"anchor with another query", []string{`</p2>; rel="next"; anchor="?page=2"`}, ""},
		{"anchor without the query", []string{`</p2>; rel="next"; anchor="/v1/users"`}, ""},
		{"anchor on another host", []string{`</p2>; rel="next"; anchor="https://files.example.com/v1/users?page=1&q=a%20b"`}, ""},
		{"anchor with another scheme", []string{`</p2>; rel="next"; anchor="http://api.example.com/v1/users?page=1&q=a%20b"`}, ""},
		{"anchor that is no URL", []string{`</p2>; rel="next"; anchor="%zz"`}, ""},
		{"empty anchor", []string{`</p2>; rel="next"; anchor=""`}, "https://api.example.com/p2"},
		{"empty fragment as anchor", []string{`</p2>; rel="next"; anchor="#"`}, "https://api.example.com/p2"},
		{"anchor is the request", []string{`</p2>; rel="next"; anchor="` + request + `"`}, "https://api.example.com/p2"},
		{"anchor is the request, spelt differently", []string{`</p2>; rel="next"; anchor="HTTPS://API.example.com:443/v1/x/../users?page=1&q=a%20b"`}, "https://api.example.com/p2"},
		{"anchor is the request, relative", []string{`</p2>; rel="next"; anchor="users?page=1&q=a%20b"`}, "https://api.example.com/p2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, found, err := Next(http.Header{"Link": test.lines}, mustParse(t, request))
			if err != nil {
				t.Fatalf("Next: %v", err)
			}
			if found != (test.want != "") || found != (got != nil) {
				t.Fatalf("found = %t with URL %v, want %q", found, got, test.want)
			}
			if found && got.String() != test.want {
				t.Errorf("next is %q, want %q", got, test.want)
			}
		})
	}
}

func TestNextResolvesAgainstUnusualRequests(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, request, line, want string }{
		{"no path", "https://h", `<p2>; rel="next"`, "https://h/p2"},
		{"no path, anchor with a slash", "https://h", `<p2>; rel="next"; anchor="https://h/"`, "https://h/p2"},
		{"fragment", "https://h/p#top", `<>; rel="next"; anchor=""`, "https://h/p"},
		{"dots in the path", "https://h/a/../p", `<?page=2>; rel="next"; anchor="https://h/p"`, "https://h/p?page=2"},
		{"IPv6", "http://[::1]:8080/p", `<//[::1]:8080/p2>; rel="next"; anchor="//[::1]:8080/p"`, "http://[::1]:8080/p2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, found, err := Next(http.Header{"Link": {test.line}}, mustParse(t, test.request))
			if err != nil || !found || got.String() != test.want {
				t.Errorf("Next = %v, %t, %v, want %q", got, found, err, test.want)
			}
		})
	}
}

func TestNext_RejectsTargetsThatAreNoURL(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t"
	for name, target := range map[string]string{
		"control byte":         "/p?token=" + secret + "\x01",
		"broken escape":        "/" + secret + "%zz",
		"broken port":          "https://user:" + secret + "/x@h/",
		"broken user info":     "https://u:" + secret + "<@h/",
		"unclosed IPv6":        "https://[::1/" + secret,
		"colon in first place": "1:" + secret,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{"Link": {"<" + target + `>; rel="next", </p2>; rel="next"`}}
			got, found, err := Next(header, mustParse(t, "https://h/p1"))
			if err == nil || found || got != nil {
				t.Fatalf("Next = %v, %t, %v, want an error", got, found, err)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("error holds the target: %v", err)
			}
		})
	}
}

func TestNextGivesUpOnManyAnchors(t *testing.T) {
	t.Parallel()
	request := mustParse(t, "https://h/p1")
	other := `</x>; rel="next"; anchor="/other", `
	header := http.Header{"Link": {strings.Repeat(other, 9) + `</p2>; rel="next"`}}
	if got, found, err := Next(header, request); err != nil || !found || got.Path != "/p2" {
		t.Errorf("after 9 anchors elsewhere: Next = %v, %t, %v, want /p2", got, found, err)
	}
	header.Set("Link", strings.Repeat(other, 10)+`</p2>; rel="next"`)
	if got, found, err := Next(header, request); err == nil || found || got != nil {
		t.Errorf("after 10 anchors elsewhere: Next = %v, %t, %v, want an error", got, found, err)
	}
}

func TestNextLeavesTheRequestAlone(t *testing.T) {
	t.Parallel()
	request := mustParse(t, "https://h/p#top")
	want := *request
	next, _, err := Next(http.Header{"Link": {`<>; rel="next"; anchor=""`}}, request)
	if err != nil {
		t.Fatal(err)
	}
	next.Path = "/changed"
	if diff := cmp.Diff(want, *request); diff != "" {
		t.Errorf("request URL changed (-want +got):\n%s", diff)
	}
}

func TestNextOverTheWire(t *testing.T) {
	t.Parallel()
	pages := map[string][]string{
		"/users":                       {`<https://elsewhere.example/>; rel="help"`, `</users?after=a,b;c%2F&q=d+e>; title="a, \"b\""; rel="last Next"`},
		"/users?after=a,b;c%2F&q=d+e":  {"", `users?after=%zz#top; rel="next", <?ignored>; rel=next`, `<users?after=%zz#top>; rel=next`},
		"/users?after=%zz":             {`http://HOST/users?token=1,2; rel="next"`},
		"/users?token=1,2":             {""},
		"/users?ignored":               {"<https://elsewhere.example/>; rel=next"},
		"/users?after=a,b%3Bc/&q=d%20": {"<https://elsewhere.example/>; rel=next"},
	}
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.RequestURI)
		for _, line := range pages[r.RequestURI] {
			w.Header().Add("Link", strings.ReplaceAll(line, "HOST", r.Host))
		}
	}))
	defer server.Close()

	page := mustParse(t, server.URL+"/users")
	for range len(pages) {
		response, err := server.Client().Get(page.String())
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Fatal(err)
		}
		next, found, err := Next(response.Header, response.Request.URL)
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			break
		}
		if err := CheckFollow(page, next); err != nil {
			t.Fatal(err)
		}
		page = next
	}
	want := []string{"/users", "/users?after=a,b;c%2F&q=d+e", "/users?after=%zz", "/users?token=1,2"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("pages asked for (-want +got):\n%s", diff)
	}
}

func TestCheckFollow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, request, next string
		wantErr             string // part of the error; empty: may be followed
	}{
		{"same origin", "https://h/p1", "https://h/p2?x=1", ""},
		{"the request itself", "https://h/p1", "https://h/p1", ""},
		{"upper case and default port", "https://api.example.com/p1", "HTTPS://API.Example.com:443/p2", ""},
		{"http stays http", "http://h/p1", "http://h:80/p2", ""},
		{"other host", "https://h/p1", "https://evil.example/p2", `from "https://h:443" to "https://evil.example:443"`},
		{"sub-domain", "https://example.com/p1", "https://api.example.com/p2", "to"},
		{"other port", "https://h/p1", "https://h:8443/p2", `to "https://h:8443"`},
		{"https to http", "https://h/p1", "http://h/p2", `from https to "http://h:80"`},
		{"https to http on the same port", "https://h:8080/p1", "http://h:8080/p2", "from https to"},
		{"http to https", "http://h/p1", "https://h/p2", `from "http://h:80" to "https://h:443"`},
		{"user info", "https://h/p1", "https://user:s3cr3t@h/p2", "user info"},
		{"empty user info", "https://h/p1", "https://@h/p2", "user info"},
		{"user info on another host", "https://h/p1", "https://h@evil.example/s3cr3t", "user info"},
		{"no host", "https://h/p1", "https:p2", "from"},
		{"other scheme", "https://h/p1", "mailto:s3cr3t@h", `to "mailto://:"`},
		{"file", "https://h/p1", "file:///s3cr3t", "to"},
		{"space in query", "https://h/p1", "https://h/p2?q=s3cr3t b", "space"},
		{"space in path is escaped when sent", "https://h/p1", "https://h/p 2", ""},
		{"long host", "https://h/p1", "https://" + strings.Repeat("h", 100_000) + "/s3cr3t", "to"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := CheckFollow(mustParse(t, test.request), mustParse(t, test.next))
			switch {
			case test.wantErr == "" && err != nil:
				t.Errorf("CheckFollow: %v, want no error", err)
			case test.wantErr != "" && err == nil:
				t.Errorf("CheckFollow: no error, want one about %q", test.wantErr)
			case err != nil && !strings.Contains(err.Error(), test.wantErr):
				t.Errorf("CheckFollow: %q, want it to hold %q", err, test.wantErr)
			}
			if err != nil && (strings.Contains(err.Error(), "s3cr3t") || len(err.Error()) > 500) {
				t.Errorf("error quotes too much of the link: %.600v", err)
			}
		})
	}
}

// A header that cannot be read is no last page.
func TestNext_RejectsHeadersWithoutALink(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string][]string{
		"unclosed bracket":           {`</p?page=2; rel="next"`},
		"bare relative target":       {`/p?page=2; rel="next"`},
		"bare target with a blank":   {`https://h/p?q=a b; rel="next"`},
		"text":                       {"next"},
		"empty line, then no link":   {"", "???"},
		"bare target without params": {"https://h/p"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if next, found, err := Next(http.Header{"Link": lines}, mustParse(t, "https://h/p")); err == nil {
				t.Errorf("got %v, %t without an error", next, found)
			}
		})
	}
	for name, lines := range map[string][]string{"blanks": {" \t"}, "commas": {", ,"}, "another link": {`</p>; rel="prev"`}} {
		if _, found, err := Next(http.Header{"Link": lines}, mustParse(t, "https://h/p")); found || err != nil {
			t.Errorf("%s: %t, %v", name, found, err)
		}
	}
}
