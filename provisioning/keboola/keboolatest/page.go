package keboolatest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// LinkStyle says how a page names the next one. The zero value is the service's way: no angle
// brackets, /projects in the links of users too, and an empty Link on the last page.
type LinkStyle struct {
	// Bracketed puts the target into angle brackets, as RFC 8288 wants it.
	Bracketed bool
	// OwnPath names /users in the links of users.
	OwnPath bool
	// Semicolon puts a semicolon behind the token, within the target. The server takes such
	// tokens whatever this says.
	Semicolon bool
	// AbsentAtEnd leaves the header out on the last page.
	AbsentAtEnd bool
	// Base is what the target begins with in place of the server's own URL, such as that of a
	// proxy.
	Base string
}

// link returns the header of the page that the token leads from.
func (s *Server) link(path, token string) string {
	base := s.links.Base
	if base == "" {
		base = s.BaseURL()
	}
	if !s.links.OwnPath {
		path = "/projects/"
	}
	target := base + path + "?nextPageToken=" + url.QueryEscape(token)
	if s.links.Semicolon {
		target += ";"
	}
	if s.links.Bracketed {
		target = "<" + target + ">"
	}
	return target + `; rel="next"`
}

const tokenPrefix = "after>"

// makeToken returns the token of the page that begins behind the item with the given number. It
// needs escaping in a query.
func makeToken(number int) string {
	return base64.StdEncoding.EncodeToString([]byte(tokenPrefix + strconv.Itoa(number)))
}

// readToken is the opposite. The empty token leads to the first page.
func readToken(token string) (number int, ok bool) {
	token = strings.TrimRight(token, ";")
	if token == "" {
		return 0, true
	}
	text, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return 0, false
	}
	digits, ok := strings.CutPrefix(string(text), tokenPrefix)
	if !ok {
		return 0, false
	}
	number, err = strconv.Atoi(digits)
	return number, err == nil
}

// page answers with the items behind the token of the request. Items are in the order of their
// numbers, so that a change in front of a page does not move it.
func page[T interface{ number() int }](s *Server, r *Request, path string, items []T, show func(T) any) fake.Response {
	// A query that cannot be parsed, for a raw semicolon, counts for what it holds.
	query, err := url.ParseQuery(strings.ReplaceAll(r.RawQuery, ";", "%3B"))
	if err != nil {
		return s.reject(http.StatusBadRequest, "The query cannot be read")
	}
	token := query.Get("nextPageToken")
	after, ok := readToken(token)
	if !ok {
		return s.reject(http.StatusBadRequest, "Invalid nextPageToken %s", token)
	}
	shown := make([]any, 0, s.pageSize)
	next := ""
	last := 0
	for _, item := range items {
		if item.number() <= after {
			continue
		}
		if len(shown) == s.pageSize {
			next = s.link(path, makeToken(last))
			break
		}
		shown = append(shown, show(item))
		last = item.number()
	}
	response := fake.JSON(http.StatusOK, shown)
	if next != "" || !s.links.AbsentAtEnd {
		response.Header["Link"] = []string{next}
	}
	return response
}

// wireTime is a time as the service writes it.
func wireTime(t interface{ Format(string) string }) string {
	return t.Format("2006-01-02T15:04:05.000Z")
}

// newID returns an id that looks like one of GoodData, different for each number.
func newID(number int) string {
	digits := strconv.FormatUint(uint64(number)*0x9E3779B97F4A7C15, 36)
	return fmt.Sprintf("%032s", strings.Repeat(digits, 3))[:32]
}
