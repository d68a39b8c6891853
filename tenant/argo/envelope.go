package argo

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// envelope is around every JSON response of the server.
type envelope[T any] struct {
	Status statusLine   `json:"status" xml:"status"`
	Data   T            `json:"data" xml:"-"`
	Errors []statusLine `json:"errors" xml:"errors>error"`
}

type statusLine struct {
	Message string `json:"message" xml:"message"`
	// Code is documented as a string, and read from a number too.
	Code    wire.Text `json:"code" xml:"code"`
	Details string    `json:"details" xml:"details"`
}

// check returns an error for JSON that is not the server's, or that reports a failure under a 2xx
// status.
func (e *envelope[T]) check() error {
	switch {
	case e.Status.Code == "":
		return errors.New("it has no status")
	case !strings.HasPrefix(string(e.Status.Code), "2"):
		return fmt.Errorf("its status is %s %s", e.Status.Code, e.Status.Message)
	}
	return nil
}

// do makes a call whose response has data of type T, which check, if it is not nil, looks at. Every
// call of this package but those of [Client.AllTenants] and [Client.Call] goes through it.
func do[T any](ctx context.Context, c *Client, op *rest.Operation, call rest.Call, check func(T) error, opts []tenantkit.Option) (T, error) {
	var response envelope[T]
	call.Into = &response
	call.Check = func() error {
		if err := response.check(); err != nil || check == nil {
			return err
		}
		return check(response.Data)
	}
	err := c.conn().Do(ctx, op, call, opts)
	noteWrite(ctx, op.Class, err)
	if err != nil {
		var none T
		return none, err
	}
	return response.Data, nil
}

// write calls an operation whose response has a status only.
func (c *Client) write(ctx context.Context, op *rest.Operation, call rest.Call, opts []tenantkit.Option) error {
	_, err := do[any](ctx, c, op, call, nil, opts)
	return err
}

// one calls an operation whose response is a list with one element.
func one[T interface{ hasID() bool }](ctx context.Context, c *Client, op *rest.Operation, call rest.Call, opts []tenantkit.Option) (*T, error) {
	list, err := do(ctx, c, op, call, func(list []T) error {
		if len(list) != 1 {
			return fmt.Errorf("it has %d elements instead of one", len(list))
		}
		if !list[0].hasID() {
			return errors.New("its element has no id")
		}
		return nil
	}, opts)
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// readError reads the envelope of an error response, in JSON or XML, or its plain text.
func readError(failed *tenantkit.Error, body []byte) {
	// The server names a key that two users would have.
	text := strings.TrimSpace(hideKey(string(body)))
	failed.Body = tenantkit.NewSecret(hideKey(failed.Body.Reveal()))
	var response envelope[any]
	switch {
	case wire.Unmarshal([]byte(text), &response) == nil && response.Status.Code != "":
	case xml.Unmarshal([]byte(text), &response) == nil && response.Status.Code != "":
	case strings.HasPrefix(text, "404 page not found"):
		failed.Message = text
		failed.Details = "the server has no such route; does the base URL end in /api/v2?"
		return
	case strings.HasPrefix(text, "<"), len(text) > 1024:
		// A gateway's page: Body has it.
		return
	default:
		failed.Message = text
		return
	}
	failed.Code, failed.Message, failed.Details = string(response.Status.Code), response.Status.Message, response.Status.Details
	for _, line := range response.Errors {
		if failed.Details == "" {
			failed.Details = line.Details
		}
	}
}

// isUnknown reports whether the server itself says that a tenant or a user does not exist. A 404
// without its envelope comes from a gateway or another route, and does not say that.
func isUnknown(err error) bool {
	var failed *tenantkit.Error
	return errors.As(err, &failed) && failed.StatusCode == http.StatusNotFound && failed.Code == "404"
}

const keyMarker = "using the key: "

// hideKey takes the key out of «More than one users found using the key: KEY».
func hideKey(text string) string {
	before, after, found := strings.Cut(text, keyMarker)
	if !found {
		return text
	}
	rest := ""
	if end := strings.IndexAny(after, "\"<\n"); end >= 0 {
		rest = after[end:]
	}
	return before + keyMarker + tenantkit.Redacted + hideKey(rest)
}
