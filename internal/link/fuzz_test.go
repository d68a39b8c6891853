package link

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzParse takes one header line per line of its input. Seeds are in testdata/fuzz/FuzzParse.
func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, input string) {
		lines := strings.Split(input, "\n")
		links := slices.Collect(Parse(lines))

		var oneByOne []Link
		for _, line := range lines {
			oneByOne = slices.AppendSeq(oneByOne, Parse([]string{line}))
		}
		if diff := cmp.Diff(oneByOne, links); diff != "" {
			t.Errorf("lines depend on each other (-one by one +together):\n%s", diff)
		}

		size := 0
		var values []string
		for _, l := range links {
			if !strings.Contains(input, l.Target) {
				t.Errorf("target %q is not part of the header", l.Target)
			}
			if strings.Contains(l.Target, ">") {
				t.Errorf("target %q holds its closing bracket", l.Target)
			}
			for _, relation := range l.Rel {
				if relation == "" || strings.ContainsAny(relation, " \tABCDEFGHIJKLMNOPQRSTUVWXYZ") {
					t.Errorf("relation %q is not one relation in lower case", relation)
				}
				size += len(relation)
			}
			size += len(l.Target) + len(l.Anchor)
			values = append(values, format(l))
		}
		if size > len(input) {
			t.Errorf("links of %d bytes out of a header of %d", size, len(input))
		}

		again := slices.Collect(Parse([]string{strings.Join(values, ", ")}))
		if diff := cmp.Diff(links, again); diff != "" {
			t.Errorf("links written and read again (-first +second):\n%s", diff)
		}
	})
}

func format(l Link) string {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	value := "<" + l.Target + ">"
	if l.Rel != nil {
		value += `; rel="` + quote.Replace(strings.Join(l.Rel, " ")) + `"`
	}
	if l.Anchor != "" {
		value += `; anchor="` + quote.Replace(l.Anchor) + `"`
	}
	return value
}

// FuzzNext checks what a client relies on when it follows the result. Only the host of the request
// is beyond the server's reach: path and query may come from an earlier next link.
func FuzzNext(f *testing.F) {
	for _, target := range []string{"", "?page=2", "/p2#top", "//h:443/p2", "//evil/p2", "https://u:p@h/", "http://h/", "@evil", `\\evil`, "/p?q=a b", "h:p", "../..//%2e%2e/%zz"} {
		f.Add("<"+target+`>; rel="next"`, "/v1/p1?page=1")
		f.Add(`<>; rel=next; anchor="`+target+`", </p2>; rel=next`, "?page=1")
	}
	f.Fuzz(func(t *testing.T, line, pathAndQuery string) {
		request, err := url.Parse("https://H" + pathAndQuery)
		if err != nil || request.Host != "H" || request.User != nil {
			return
		}
		next, found, err := Next(http.Header{"Link": {line}}, request)
		if found != (next != nil) || found && err != nil {
			t.Fatalf("Next = %v, %t, %v", next, found, err)
		}
		if !found {
			return
		}
		if next.Fragment != "" {
			t.Errorf("next %q has a fragment", next)
		}
		if next.RawQuery != request.RawQuery && !strings.Contains(line, next.RawQuery) {
			t.Errorf("query %q is not part of the header", next.RawQuery)
		}
		if CheckFollow(request, next) != nil {
			return
		}
		sent, err := http.NewRequest(http.MethodGet, next.String(), nil)
		if err != nil {
			t.Fatalf("next cannot be sent: %v", err)
		}
		if sent.URL.Scheme != "https" || !strings.EqualFold(sent.URL.Hostname(), "h") || sent.URL.User != nil {
			t.Errorf("next %q may be followed away from %q", next, request)
		}
		if sent.URL.RawQuery != next.RawQuery {
			t.Errorf("next %q is sent as %q", next, sent.URL)
		}
	})
}
