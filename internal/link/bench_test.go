package link

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// BenchmarkParseHostile shows that the time per byte does not grow with the header: compare the
// three sizes of a flood.
func BenchmarkParseHostile(b *testing.B) {
	floods := []struct{ name, start, unit string }{
		{"open brackets", "", "<"},
		{"empty targets", "", "<>"},
		{"empty links", "", "<>,"},
		{"unclosed targets", "", "<a,"},
		{"quotes", `<>;a="`, `"`},
		{"quote pairs", "<>", `;a=""`},
		{"unclosed quotes", "<>", `;a="`},
		{"backslashes", `<>;rel="`, `\`},
		{"escaped quotes", `<>;anchor="`, `\"`},
		{"semicolons", "<>", ";"},
		{"commas", "<>", ","},
		{"equals signs", "<>;", "="},
		{"blanks", "<>;rel=", " "},
		{"blanks in a target", "<", " "},
		{"blanks before semicolons", "<>", "  ;"},
		{"blanks in tokens", "<>", ";a=b "},
		{"names", "<>", ";a"},
		{"first and later rels", "<>", ";rel=a"},
		{"anchors", "<>", ";anchor=a"},
		{"relations", `<>;rel="`, "A "},
		{"bare schemes", "", "https://"},
		{"bare targets", "", "https://h,"},
		{"bare links", "", "https://h;a,"},
		{"links", "", `</p?page=2>; rel="prev"; title="a, \"b\"", `},
	}
	for _, flood := range floods {
		for _, size := range []int{10_000, 100_000, 1_000_000} {
			b.Run(fmt.Sprintf("%s/%dkB", flood.name, size/1000), func(b *testing.B) {
				lines := []string{flood.start + strings.Repeat(flood.unit, size/len(flood.unit))}
				b.SetBytes(int64(len(lines[0])))
				b.ReportAllocs()
				for b.Loop() {
					for range Parse(lines) {
					}
				}
			})
		}
	}
}

// BenchmarkNextHostile is the worst that a server can do to Next: anchors that each need the whole
// long request URL.
func BenchmarkNextHostile(b *testing.B) {
	for _, size := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("%dkB", size/1000), func(b *testing.B) {
			request, err := url.Parse("https://h/" + strings.Repeat("p/", size/2))
			if err != nil {
				b.Fatal(err)
			}
			const unit = "<>;rel=next;anchor=a,"
			header := http.Header{"Link": {strings.Repeat(unit, size/len(unit))}}
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, _, err := Next(header, request); err == nil {
					b.Fatal("no error after so many anchors")
				}
			}
		})
	}
}

func BenchmarkNext(b *testing.B) {
	request, err := url.Parse("https://api.example.com/users?page=2")
	if err != nil {
		b.Fatal(err)
	}
	header := http.Header{"Link": {`<https://api.example.com/users?page=1>; rel="prev", <https://api.example.com/users?page=3>; rel="next", ` +
		`<https://api.example.com/users?page=1>; rel="first", <https://api.example.com/users?page=9>; rel="last"`}}
	b.ReportAllocs()
	for b.Loop() {
		if _, found, err := Next(header, request); err != nil || !found {
			b.Fatal(found, err)
		}
	}
}
