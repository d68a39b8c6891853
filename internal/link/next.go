package link

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tenantkit/tenantkit/internal/origin"
)

// maxAnchors bounds how many anchors Next compares with the request. Each comparison costs as much
// as the request's URL is long, and both that URL and the header may be megabytes chosen by the
// server.
const maxAnchors = 10

// Next finds the first rel="next" link of a response that applies to its request, and resolves its
// target against the request's URL (RFC 3986, section 5.2). After redirects, the request is the
// last one. The query of the target is kept byte for byte, its fragment is dropped. The boolean is
// false when there is no such link.
//
// It is an error when the target of that link is no URL, when 10 next links are about something
// other than the request, and when the header holds something, but no link at all. Error texts do
// not hold the target, since a query may hold secrets.
//
// Next does not say whether the result may be followed: ask [CheckFollow] before sending
// credentials there. Nor does it know the pages seen before: "<>" names the request itself, and a
// caller that has asked for the result already is in a loop and has to end it.
func Next(header http.Header, request *url.URL) (*url.URL, bool, error) {
	lines := header.Values("Link")
	anchors, links := 0, 0
	for l := range Parse(lines) {
		links++
		if !slices.Contains(l.Rel, "next") {
			continue
		}
		if l.Anchor != "" && !isRequest(l.Anchor, request) {
			if anchors++; anchors == maxAnchors {
				return nil, false, fmt.Errorf("link: gave up after %d next links about something other than the request", maxAnchors)
			}
			continue
		}
		next, err := resolve(l.Target, request)
		if err != nil {
			return nil, false, err
		}
		return next, true, nil
	}
	if links == 0 && strings.Trim(strings.Join(lines, ""), blanks+",") != "" {
		// Whoever took this for the last page would lose what follows without a word.
		return nil, false, errors.New("link: the Link header cannot be read, so it is unknown whether there is a next page")
	}
	return nil, false, nil
}

func resolve(target string, request *url.URL) (*url.URL, error) {
	// Cut before parsing, so that a broken escape in the fragment does no harm.
	target, _, _ = strings.Cut(strings.Trim(target, blanks), "#")
	reference, err := url.Parse(target)
	if err != nil {
		// The cause is left out: it quotes the target.
		return nil, fmt.Errorf("link: the target of the next link (%d bytes) is not a URL", len(target))
	}
	next := request.ResolveReference(reference)
	next.Fragment, next.RawFragment = "", ""
	return next, nil
}

// isRequest reports whether an anchor names the request, not a part of it and not another resource.
func isRequest(anchor string, request *url.URL) bool {
	reference, err := url.Parse(anchor)
	if err != nil || reference.Fragment != "" {
		return false
	}
	self := request.ResolveReference(&url.URL{})
	context := request.ResolveReference(reference)
	return origin.Same(context, self) &&
		cmp.Or(context.EscapedPath(), "/") == cmp.Or(self.EscapedPath(), "/") &&
		context.RawQuery == self.RawQuery
}

// CheckFollow returns an error if a client with credentials must not go on from request to next:
// when next holds user info, goes from https to http, is of another origin, or has a query with a
// blank, which cannot be sent as it was given. The error names origins only, never a path or a
// query.
func CheckFollow(request, next *url.URL) error {
	switch {
	case next.User != nil:
		return errors.New("link: the next link holds user info: not followed, it could take credentials elsewhere")
	case origin.Lower(request.Scheme) == "https" && origin.Lower(next.Scheme) == "http":
		return fmt.Errorf("link: the next link goes from https to %.200q: not followed, credentials would be readable on the way", origin.Of(next))
	case !origin.Same(request, next):
		return fmt.Errorf("link: the next link goes from %.200q to %.200q: not followed, credentials stay with the origin they are for",
			origin.Of(request), origin.Of(next))
	case strings.Contains(next.RawQuery, " "):
		return errors.New("link: the query of the next link holds a space: not followed, it cannot be sent as it was given")
	}
	return nil
}
