// Package link reads the Link header of HTTP responses (RFC 8288), so that a client can follow its
// rel="next".
//
// Reading is as lenient as appendix B of the RFC, which says what to do with headers that break the
// grammar. Where the RFC leaves room, the choices are:
//
//   - A quoted value that is never closed ends with its header line.
//   - A link whose anchor names anything but the request is about something else, so [Next] passes
//     it over (section 3.2).
//   - A target without angle brackets, as the Keboola GoodData Provisioning API documents it, is
//     accepted when it starts with http:// or https:// and no blank, double quote or angle bracket
//     stands before the first semicolon. The target ends at that semicolon, so it may hold commas
//     but no semicolon.
//   - Anything but blanks and commas between two links ends the reading of that header line. The
//     links before it and those of other lines count.
package link

import (
	"iter"
	"slices"
	"strings"

	"github.com/tenantkit/tenantkit/internal/origin"
)

// blanks are the bytes that RFC 9110 calls optional white space.
const blanks = " \t"

// Link is one link of a Link header, reduced to what is needed to follow it.
type Link struct {
	// Target is the target exactly as the header gave it, without the angle brackets. It may be
	// relative or empty.
	Target string
	// Rel holds the relation types in lower case, extension types (URIs) among them. It is nil
	// when there are none. Only the first rel parameter counts, and the obsolete rev is never
	// read.
	Rel []string
	// Anchor is the first anchor parameter, unquoted: what the link is about, as a reference
	// relative to the request. It is empty when there is none, which means the same as an empty
	// anchor: the request itself.
	Anchor string
}

// Parse yields the links of a response's Link header lines in their order. It accepts any bytes.
// Its time grows linearly with the header, and it keeps no more than one link at a time.
func Parse(headerLines []string) iter.Seq[Link] {
	return func(yield func(Link) bool) {
		for _, line := range headerLines {
			p := parser{rest: line}
			for l, ok := p.link(); ok; l, ok = p.link() {
				if !yield(l) {
					return
				}
			}
		}
	}
}

// parser walks through one header line. Every step takes bytes off the front of rest or gives up on
// the line, which is what keeps the time linear.
type parser struct {
	rest string
}

// link reads the next link of the line (appendix B.2). It reports false at the end of what can be
// read.
func (p *parser) link() (Link, bool) {
	p.rest = strings.TrimLeft(p.rest, blanks+",")
	target, ok := p.target()
	if !ok {
		p.rest = ""
		return Link{}, false
	}
	l := Link{Target: target}
	p.parameters(&l)
	return l, true
}

func (p *parser) target() (string, bool) {
	if strings.HasPrefix(p.rest, "<") {
		target, rest, closed := strings.Cut(p.rest[1:], ">")
		p.rest = rest
		return target, closed
	}
	if !hasPrefixFold(p.rest, "http://") && !hasPrefixFold(p.rest, "https://") {
		return "", false
	}
	end := strings.IndexAny(p.rest, blanks+`"<>;`)
	if end < 0 || p.rest[end] != ';' {
		return "", false
	}
	target := p.rest[:end]
	p.rest = p.rest[end:]
	return target, true
}

// parameters reads the parameters after a target (appendix B.3) and keeps the first rel and the
// first anchor.
func (p *parser) parameters(l *Link) {
	hasRel, hasAnchor := false, false
	for {
		p.rest = strings.TrimLeft(p.rest, blanks)
		if !strings.HasPrefix(p.rest, ";") {
			break
		}
		name, value := p.parameter()
		switch {
		case strings.EqualFold(name, "rel") && !hasRel:
			hasRel = true
			l.Rel = relationTypes(value)
		case strings.EqualFold(name, "anchor") && !hasAnchor:
			hasAnchor = true
			l.Anchor = value
		}
	}
	if !strings.HasPrefix(p.rest, ",") && !strings.HasPrefix(p.rest, "<") {
		p.rest = ""
	}
}

// parameter reads one parameter from its semicolon on. A parameter without value has the value "".
func (p *parser) parameter() (name, value string) {
	p.rest = strings.TrimLeft(p.rest[1:], blanks)
	name = p.upTo(blanks + "=;,")
	p.rest = strings.TrimLeft(p.rest, blanks)
	if !strings.HasPrefix(p.rest, "=") {
		return name, ""
	}
	p.rest = strings.TrimLeft(p.rest[1:], blanks)
	if strings.HasPrefix(p.rest, `"`) {
		return name, p.quotedString()
	}
	return name, strings.TrimRight(p.upTo(";,"), blanks)
}

// upTo takes everything before the first of the given bytes, or all that is left.
func (p *parser) upTo(stops string) string {
	end := strings.IndexAny(p.rest, stops)
	if end < 0 {
		end = len(p.rest)
	}
	taken := p.rest[:end]
	p.rest = p.rest[end:]
	return taken
}

// quotedString reads a quoted string from its opening quote on and undoes its escapes (appendix
// B.4).
func (p *parser) quotedString() string {
	var unescaped strings.Builder
	start := 1
	for i := 1; i < len(p.rest); i++ {
		switch p.rest[i] {
		case '"':
			value := unescaped.String() + p.rest[start:i]
			p.rest = p.rest[i+1:]
			return value
		case '\\':
			unescaped.WriteString(p.rest[start:i])
			i++
			start = i
		}
	}
	value := unescaped.String() + p.rest[start:]
	p.rest = ""
	return value
}

// relationTypes counts before it collects: growing the slice of a hostile rel step by step costs
// several times more.
func relationTypes(value string) []string {
	types := strings.FieldsFuncSeq(origin.Lower(value), func(r rune) bool { return r == ' ' || r == '\t' })
	count := 0
	for range types {
		count++
	}
	if count == 0 {
		return nil
	}
	return slices.AppendSeq(make([]string, 0, count), types)
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && origin.Lower(s[:len(prefix)]) == prefix
}
