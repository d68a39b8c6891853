package link

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func next(target string) Link { return Link{Target: target, Rel: []string{"next"}} }
func prev(target string) Link { return Link{Target: target, Rel: []string{"prev"}} }
func bare(target string) Link { return Link{Target: target} }

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		lines []string
		want  []Link
	}{
		// Header lines and list elements
		{"no header line", nil, nil},
		{"empty header line", []string{""}, nil},
		{"blank header line", []string{" \t "}, nil},
		{"only commas", []string{",, ,\t,"}, nil},
		{"one link", []string{`</p2>; rel="next"`}, []Link{next("/p2")}},
		{"two links", []string{`</p1>; rel="prev", </p3>; rel="next"`}, []Link{prev("/p1"), next("/p3")}},
		{"two links without blank", []string{`</p1>;rel="prev",</p3>;rel="next"`}, []Link{prev("/p1"), next("/p3")}},
		{"two header lines", []string{`</p1>; rel="prev"`, `</p3>; rel="next"`}, []Link{prev("/p1"), next("/p3")}},
		{"empty line between lines", []string{`</p1>; rel="prev"`, "", `</p3>; rel="next"`}, []Link{prev("/p1"), next("/p3")}},
		{"empty list elements", []string{`, ,</p1>; rel="prev",, ,	</p3>; rel="next", ,`}, []Link{prev("/p1"), next("/p3")}},
		{"missing comma", []string{`</p1>; rel="prev" </p3>; rel="next"`}, []Link{prev("/p1"), next("/p3")}},
		{"missing comma after a bare target", []string{`</p1></p3>; rel="next"`}, []Link{bare("/p1"), next("/p3")}},
		{"blanks and tabs everywhere", []string{"\t </p2>\t; \t rel\t = \t\"next\" \t"}, []Link{next("/p2")}},
		{"the same link twice", []string{`</p2>; rel="next", </p2>; rel="next"`}, []Link{next("/p2"), next("/p2")}},

		// Targets
		{"empty target", []string{`<>; rel="next"`}, []Link{next("")}},
		{"blank in target", []string{`< /p 2 >; rel="next"`}, []Link{next(" /p 2 ")}},
		{"comma in target", []string{`</p?fields=a,b&page=2>; rel="next"`}, []Link{next("/p?fields=a,b&page=2")}},
		{"semicolon in target", []string{`</p;v=1?a=1;b=2>; rel="next"`}, []Link{next("/p;v=1?a=1;b=2")}},
		{"quote in target", []string{`</p?q="a>; rel="next"`}, []Link{next(`/p?q="a`)}},
		{"comma, semicolon and rel in target", []string{`</p?a=1,</q>; rel="prev">; rel="next"`}, []Link{bare("/p?a=1,</q").withRel("prev")}},
		{"opening bracket in target", []string{`</p<2>; rel="next"`}, []Link{next("/p<2")}},
		{"percent escapes are kept", []string{`</p%2F2?c=%3D%zz+x>; rel="next"`}, []Link{next("/p%2F2?c=%3D%zz+x")}},
		{"fragment is kept", []string{`</p2#top>; rel="next"`}, []Link{next("/p2#top")}},
		{"bytes that are not UTF-8 in target", []string{"</p?q=\xff\xc3>; rel=\"next\""}, []Link{next("/p?q=\xff\xc3")}},
		{"UTF-8 in target", []string{`</p?q=ž€>; rel="next"`}, []Link{next("/p?q=ž€")}},
		{"control bytes in target", []string{"</p\x00\x01\n\x7f>; rel=\"next\""}, []Link{next("/p\x00\x01\n\x7f")}},
		{"unclosed target", []string{`</p2; rel="next"`}, nil},
		{"unclosed target swallows up to the next bracket", []string{`</p1; rel="prev", </p3>; rel="next"`}, []Link{next(`/p1; rel="prev", </p3`)}},
		{"only an opening bracket", []string{`<`}, nil},
		{"only a closing bracket", []string{`>`}, nil},
		{"only brackets", []string{`<>`}, []Link{bare("")}},

		// Parameters
		{"no parameter", []string{`</p2>`}, []Link{bare("/p2")}},
		{"no parameter, then a link", []string{`</p1>, </p2>; rel="next"`}, []Link{bare("/p1"), next("/p2")}},
		{"token value", []string{`</p2>; rel=next`}, []Link{next("/p2")}},
		{"token value before comma", []string{`</p1>; rel=prev , </p3>; rel=next`}, []Link{prev("/p1"), next("/p3")}},
		{"token value with blank", []string{`</p2>; rel=next last`}, []Link{bare("/p2").withRel("next", "last")}},
		{"single quotes are part of a token", []string{`</p2>; rel='next'`}, []Link{bare("/p2").withRel("'next'")}},
		{"quote inside a token", []string{`</p2>; rel=ne"xt, </p3>; rel=next`}, []Link{bare("/p2").withRel(`ne"xt`), next("/p3")}},
		{"upper-case name", []string{`</p2>; REL="next"`}, []Link{next("/p2")}},
		{"mixed-case value", []string{`</p2>; rel="NeXt"`}, []Link{next("/p2")}},
		{"name without value", []string{`</p2>; crossorigin; rel="next"`}, []Link{next("/p2")}},
		{"name with equals and no value", []string{`</p2>; title=; rel="next"`}, []Link{next("/p2")}},
		{"empty quoted value", []string{`</p2>; title=""; rel="next"`}, []Link{next("/p2")}},
		{"value without name", []string{`</p2>; ="x"; rel="next"`}, []Link{next("/p2")}},
		{"empty parameters", []string{`</p2>;; ;	; rel="next";`}, []Link{next("/p2")}},
		{"trailing semicolon before comma", []string{`</p1>; rel="prev";, </p3>; rel="next"`}, []Link{prev("/p1"), next("/p3")}},
		{"two equals signs", []string{`</p2>; title==x; rel="next"`}, []Link{next("/p2")}},
		{"comma in quoted value", []string{`</p2>; title="a, b"; rel="next"`}, []Link{next("/p2")}},
		{"semicolon in quoted value", []string{`</p2>; title="a; rel=prev"; rel="next"`}, []Link{next("/p2")}},
		{"a link in quoted value", []string{`</p1>; title=", </x>; rel=next"; rel="prev"`}, []Link{prev("/p1")}},
		{"escaped quote in quoted value", []string{`</p2>; title="a\", </x>; rel=\"prev"; rel="next"`}, []Link{next("/p2")}},
		{"escaped backslash ends nothing", []string{`</p2>; title="a\\"; rel="next"`}, []Link{next("/p2")}},
		{"needless escapes in rel", []string{`</p2>; rel="\n\e\x\t"`}, []Link{next("/p2")}},
		{"star parameter", []string{`</p2>; title*=UTF-8'de'n%c3%a4chstes%20Kapitel; rel="next"`}, []Link{next("/p2")}},
		{"rel* is not rel", []string{`</p2>; rel*=UTF-8''next`}, []Link{bare("/p2")}},
		{"other names that hold rel", []string{`</p2>; xrel="a"; relx="b"; rel="next"`}, []Link{next("/p2")}},
		{"bytes that are not UTF-8 in a value", []string{"</p2>; title=\"\xff\xfe\"; rel=\"next\""}, []Link{next("/p2")}},
		{"control bytes in a value", []string{"</p2>; title=\"\x00\x1f\x7f\"; rel=\"next\""}, []Link{next("/p2")}},
		{"unclosed quote", []string{`</p2>; rel="next`}, []Link{next("/p2")}},
		{"unclosed quote after an escape", []string{`</p2>; rel="ne\xt`}, []Link{next("/p2")}},
		{"unclosed quote with a backslash at the end", []string{`</p2>; rel="next\`}, []Link{next("/p2")}},
		{"unclosed empty quote", []string{`</p2>; rel="`}, []Link{bare("/p2")}},
		{"unclosed quote takes the rest of its line", []string{`</p1>; title="x, </p3>; rel="next"`}, []Link{bare("/p1")}},
		{"unclosed quote ends with its line", []string{`</p1>; rel="prev`, `</p3>; rel="next"`}, []Link{prev("/p1"), next("/p3")}},

		// Relations
		{"several relations", []string{`</p2>; rel="last next"`}, []Link{bare("/p2").withRel("last", "next")}},
		{"several relations, tabs and blanks", []string{"</p2>; rel=\" \tlast \t next \""}, []Link{bare("/p2").withRel("last", "next")}},
		{"relation that holds next", []string{`</p2>; rel="next-archive anext"`}, []Link{bare("/p2").withRel("next-archive", "anext")}},
		{"extension relation", []string{`</p2>; rel="HTTPS://Example.net/Rel next"`}, []Link{bare("/p2").withRel("https://example.net/rel", "next")}},
		{"every letter", []string{`</p2>; rel="ABCDEFGHIJKLMNOPQRSTUVWXYZ@[` + "`" + `{"`}, []Link{bare("/p2").withRel("abcdefghijklmnopqrstuvwxyz@[`{")}},
		{"first rel wins", []string{`</p2>; rel="prev"; rel="next"`}, []Link{prev("/p2")}},
		{"first rel wins, though empty", []string{`</p2>; rel=""; rel="next"`}, []Link{bare("/p2")}},
		{"first rel wins, though without value", []string{`</p2>; rel; rel="next"`}, []Link{bare("/p2")}},
		{"rev is not rel", []string{`</p2>; rev="prev"`, `</p3>; rev="next"; rel="prev"`}, []Link{bare("/p2"), prev("/p3")}},
		{"comma in quoted rel", []string{`</p2>; rel="prev,next"`}, []Link{bare("/p2").withRel("prev,next")}},
		{"comma in token rel", []string{`</p2>; rel=prev,next`}, []Link{prev("/p2")}},
		{"no-break space does not split", []string{"</p2>; rel=\"next\u00a0prev\""}, []Link{bare("/p2").withRel("next\u00a0prev")}},
		{"letters outside ASCII keep their case", []string{"</p2>; rel=\"Ä\xff\u212a\""}, []Link{bare("/p2").withRel("Ä\xff\u212a")}},

		// Anchors
		{"anchor", []string{`</p2>; anchor="/Other"; rel="next"`}, []Link{next("/p2").withAnchor("/Other")}},
		{"anchor after rel, upper case", []string{`</p2>; rel="next"; ANCHOR=#top `}, []Link{next("/p2").withAnchor("#top")}},
		{"empty anchor", []string{`</p2>; rel="next"; anchor=""`}, []Link{next("/p2")}},
		{"anchor without value", []string{`</p2>; rel="next"; anchor`}, []Link{next("/p2")}},
		{"first anchor wins", []string{`</p2>; rel="next"; anchor=""; anchor="/other"`}, []Link{next("/p2")}},
		{"escapes in anchor", []string{`</p2>; rel="next"; anchor="/a\"\\b\c"`}, []Link{next("/p2").withAnchor(`/a"\bc`)}},
		{"anchor does not reach the next link", []string{`</p1>; anchor="/x", </p2>; rel="next"`}, []Link{bare("/p1").withAnchor("/x"), next("/p2")}},

		// Targets without brackets
		{"unbracketed https", []string{`https://h/p?t=2; rel="next"`}, []Link{next("https://h/p?t=2")}},
		{"unbracketed http", []string{`http://h/p?t=2;rel=next`}, []Link{next("http://h/p?t=2")}},
		{"unbracketed, scheme in upper case", []string{`HTTPS://h/p?t=2; rel="next"`}, []Link{next("HTTPS://h/p?t=2")}},
		{"unbracketed with comma", []string{`https://h/p?f=a,b&t=2; rel="next"`}, []Link{next("https://h/p?f=a,b&t=2")}},
		{"unbracketed with square brackets and apostrophe", []string{`http://[::1]:8080/p?o'f[]=a; rel="next"`}, []Link{next("http://[::1]:8080/p?o'f[]=a")}},
		{"unbracketed ends at the first semicolon", []string{`https://h/p;v=1?t=2; rel="next"`}, []Link{next("https://h/p")}},
		{"several unbracketed", []string{`https://h/p1; rel="prev", https://h/p3; rel="next"`}, []Link{prev("https://h/p1"), next("https://h/p3")}},
		{"unbracketed after bracketed", []string{`<https://h/p1>; rel="prev", https://h/p3; rel="next"`}, []Link{prev("https://h/p1"), next("https://h/p3")}},
		{"bracketed after unbracketed", []string{`https://h/p1; rel="prev", <https://h/p3>; rel="next"`}, []Link{prev("https://h/p1"), next("https://h/p3")}},
		{"unbracketed without semicolon", []string{`https://h/p2`}, nil},
		{"unbracketed without parameters, then a link", []string{`https://h/p1, https://h/p3; rel="next"`}, nil},
		{"unbracketed with blank", []string{`https://h/p 2; rel="next"`}, nil},
		{"unbracketed with blank before the semicolon", []string{`https://h/p2 ; rel="next"`}, nil},
		{"unbracketed with tab", []string{"https://h/p\t2; rel=\"next\""}, nil},
		{"unbracketed with quote", []string{`https://h/p"2; rel="next"`}, nil},
		{"unbracketed with brackets", []string{`https://h/<p2>; rel="next"`}, nil},
		{"unbracketed relative", []string{`/p2; rel="next"`}, nil},
		{"unbracketed with another scheme", []string{`ftp://h/p2; rel="next"`}, nil},
		{"unbracketed without scheme", []string{`//h/p2; rel="next"`}, nil},
		{"unbracketed without comma before it", []string{`</p1>; rel="prev" https://h/p2; rel="next"`}, []Link{prev("/p1")}},

		// What cannot be read ends its line
		{"text", []string{`next page: /p2`}, nil},
		{"text before a link", []string{`text, </p2>; rel="next"`}, nil},
		{"text after a target", []string{`</p1> text; rel="next", </p2>; rel="next"`}, []Link{bare("/p1")}},
		{"text after a quoted value", []string{`</p1>; rel="prev"text, </p2>; rel="next"`}, []Link{prev("/p1")}},
		{"missing semicolon between parameters", []string{`</p2>; rel="next" title="x"`}, []Link{next("/p2")}},
		{"unreadable line before a good one", []string{`text`, `</p2>; rel="next"`}, []Link{next("/p2")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := slices.Collect(Parse(test.lines))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", test.lines, diff)
			}
		})
	}
}

func (l Link) withRel(types ...string) Link {
	l.Rel = types
	return l
}

func (l Link) withAnchor(anchor string) Link {
	l.Anchor = anchor
	return l
}

func TestParseStopsWhenAsked(t *testing.T) {
	t.Parallel()
	var got []Link
	for l := range Parse([]string{`</p1>; rel="prev", </p2>; rel="next"`, `</p3>`}) {
		got = append(got, l)
		if len(got) == 1 {
			break
		}
	}
	if diff := cmp.Diff([]Link{prev("/p1")}, got); diff != "" {
		t.Errorf("links before the break (-want +got):\n%s", diff)
	}
}

// A flood of separators must not cost memory: only links and their relations are worth any.
// It cannot run in parallel, since allocations are counted for the whole process.
func TestParseKeepsNothingOfFloods(t *testing.T) {
	for _, unit := range []string{";", ",", ";a", `;a="b"`, ";a=b", "<>,", "<>;a=b,"} {
		line := "<>" + strings.Repeat(unit, 10_000)
		allocations := testing.AllocsPerRun(1, func() {
			for l := range Parse([]string{line}) {
				if l.Rel != nil {
					t.Errorf("flood of %q has a relation", unit)
				}
			}
		})
		if allocations > 10 {
			t.Errorf("flood of %q: %.0f allocations, want a number that does not grow with the header", unit, allocations)
		}
	}
}
