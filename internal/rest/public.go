package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/link"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// Call calls an endpoint of the user's own. If into is not nil, the JSON of the response is decoded
// into it; otherwise the status alone is the result.
func (c *Client) Call(ctx context.Context, op tenantkit.Operation, params tenantkit.CallParams, into any, opts []tenantkit.Option) error {
	own, call, err := c.ownCall(op, params)
	if err != nil {
		return err
	}
	switch {
	case params.Items != "":
		return own.Invalid("params.Items", onlyCallPage)
	case params.NextMember != "":
		return own.Invalid("params.NextMember", onlyCallPage)
	case params.Next != "":
		return own.Invalid("params.Next", onlyCallPage)
	case into != nil && !isPointer(into):
		return own.Invalid("into", "must be a pointer that is not nil, or nil")
	}
	if own.Expect = Status; into != nil {
		own.Expect, call.Into, call.AnyCase = JSON, into, true
	}
	return c.Do(ctx, own, call, opts)
}

// CallPage calls an endpoint of the user's own that returns one page of a list, decodes the page's
// array into the slice that into points to, and returns the next page, "" after the last.
func (c *Client) CallPage(ctx context.Context, op tenantkit.Operation, params tenantkit.CallParams, into any, opts []tenantkit.Option) (next string, err error) {
	own, call, err := c.ownCall(op, params)
	if err != nil {
		return "", err
	}
	if !isPointer(into) || reflect.ValueOf(into).Elem().Kind() != reflect.Slice {
		return "", own.Invalid("into", "must be a pointer to a slice")
	}
	var page json.RawMessage
	call.Into, call.URL, call.Pages = &page, params.Next, true
	call.Check = func() error {
		items, err := member(page, params.Items)
		if err != nil {
			return err
		}
		return wire.Unmarshal(items, into, c.onSecret, wire.AnyCase(true))
	}
	nextOf := LinkURL
	if params.NextMember != "" {
		nextOf = func(response *http.Response) (string, error) {
			if reflect.ValueOf(into).Elem().Len() == 0 {
				return "", nil // Infoworks names a next page behind the last one, too
			}
			return memberURL(page, params.NextMember, response.Request.URL)
		}
	}
	return c.fetchPage(ctx, own, call, params.Next, nextOf, opts)
}

const onlyCallPage = "must be empty: only CallPage reads pages"

// isPointer reports whether JSON can be decoded into v.
func isPointer(v any) bool {
	value := reflect.ValueOf(v)
	return value.Kind() == reflect.Pointer && !value.IsNil()
}

// ownCall returns the operation and the call of an endpoint of the user's own.
func (c *Client) ownCall(op tenantkit.Operation, params tenantkit.CallParams) (*Operation, Call, error) {
	own := &Operation{Service: op.Service, Name: op.Name, Method: op.Method, Path: op.Path, Class: op.Class, Deletes: op.Method == http.MethodDelete}
	if own.Name == "" {
		own.Name = "Call"
	}
	if c != nil && own.Service == "" {
		own.Service = c.api.Service
	}
	call := Call{Body: params.Body}
	switch {
	case c == nil:
		return own, call, own.Invalid("client", "must be made by NewClient")
	case own.Service != c.api.Service:
		return own, call, own.Invalid("op.Service", "%q is not %q: the operation belongs to another client", own.Service, c.api.Service)
	case op.Class < tenantkit.Read || op.Class > tenantkit.Never:
		return own, call, own.Invalid("op.Class", "must be Read, Idempotent, Write or Never: a client cannot know what a second request would do")
	case !isMethod(op.Method):
		return own, call, own.Invalid("op.Method", "%q is not an HTTP method", op.Method)
	case !isPath(op.Path):
		return own, call, own.Invalid("op.Path", "%q must start with /, and have no query and no segments . and ..", op.Path)
	}
	var err error
	if call.Path, err = own.pathValues(params.Path); err != nil {
		return own, call, err
	}
	call.Values = params.Query
	return own, call, nil
}

// pathValues returns the values of the placeholders of op.Path in their order.
func (op *Operation) pathValues(byName map[string]string) ([]string, error) {
	var values []string
	used := make(map[string]bool)
	rest := op.Path
	for {
		_, after, found := strings.Cut(rest, "{")
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			return nil, op.Invalid("op.Path", "%q has a placeholder without }", op.Path)
		}
		value, there := byName[name]
		if !there {
			return nil, op.Invalid("params.Path", "has no value for the placeholder {%s}", name)
		}
		values = append(values, value)
		used[name] = true
		rest = tail
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		if !used[name] {
			return nil, op.Invalid("params.Path", "has a value for %q, which is not a placeholder of %s", name, op.Path)
		}
	}
	return values, nil
}

// isPath reports whether an operation may have the path.
func isPath(path string) bool {
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?#") || strings.ContainsFunc(path, unicode.IsSpace) || strings.ContainsFunc(path, unicode.IsControl) {
		return false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

// isMethod reports whether a request may have the method.
func isMethod(method string) bool {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead:
		return true
	}
	return false
}

// member returns the member of a JSON object that path names, with dots between the names, or data
// itself if path is empty.
func member(data json.RawMessage, path string) (json.RawMessage, error) {
	if path == "" {
		return data, nil
	}
	for name := range strings.SplitSeq(path, ".") {
		var object map[string]json.RawMessage
		if err := wire.Unmarshal(data, &object); err != nil {
			return nil, err
		}
		inner, there := object[name]
		if !there {
			return nil, fmt.Errorf("the response has no member %q", path)
		}
		data = inner
	}
	return data, nil
}

// memberURL returns the URL of the next page in the member that path names, which must stay within
// the origin of the request. A member that is absent, null or empty means that there is no next
// page.
func memberURL(data json.RawMessage, path string, base *url.URL) (string, error) {
	value, err := member(data, path)
	if err != nil {
		return "", nil // The last page may leave the member out.
	}
	var text *string
	if err := wire.Unmarshal(value, &text); err != nil {
		return "", fmt.Errorf("the member %q is not a URL: %w", path, err)
	}
	if text == nil || *text == "" {
		return "", nil
	}
	next, err := base.Parse(*text)
	if err != nil {
		return "", fmt.Errorf("the member %q is not a URL", path)
	}
	if err := link.CheckFollow(base, next); err != nil {
		return "", err
	}
	next.Scheme, next.Host, next.Fragment, next.RawFragment = base.Scheme, base.Host, "", ""
	return next.String(), nil
}

// originOf returns the origin of a URL, or "" if it has none.
func originOf(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
