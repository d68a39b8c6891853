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

// envelope is what every JSON answer of the server comes in.
type envelope[T any] struct {
	Status statusLine   `json:"status" xml:"status"`
	Data   T            `json:"data" xml:"-"`
	Errors []statusLine `json:"errors" xml:"errors>error"`
}

type statusLine struct {
	Message string `json:"message" xml:"message"`
	// Code is documented as text, and read from a number too.
	Code    wire.Text `json:"code" xml:"code"`
	Details string    `json:"details" xml:"details"`
}

// check refuses a JSON answer that is none of the server's, or that tells of a failure under a good status.
func (e *envelope[T]) check() error {
	switch {
	case e.Status.Code == "":
		return errors.New("it has no status")
	case !strings.HasPrefix(string(e.Status.Code), "2"):
		return fmt.Errorf("its status is %s %s", e.Status.Code, e.Status.Message)
	}
	return nil
}

// do calls an operation that answers with data of type T, and looks at that with check unless it is nil.
func do[T any](ctx context.Context, c *Client, operation *rest.Operation, call rest.Call, check func(T) error, opts []tenantkit.Option) (T, error) {
	var answer envelope[T]
	call.Into = &answer
	call.Check = func() error {
		if err := answer.check(); err != nil || check == nil {
			return err
		}
		return check(answer.Data)
	}
	if err := c.pipeline().Do(ctx, operation, call, opts); err != nil {
		var none T
		return none, err
	}
	return answer.Data, nil
}

// write calls an operation that answers with a status only.
func (c *Client) write(ctx context.Context, operation *rest.Operation, call rest.Call, opts []tenantkit.Option) error {
	_, err := do[any](ctx, c, operation, call, nil, opts)
	return err
}

// one calls an operation that answers with a list of one.
func one[T interface{ hasID() bool }](ctx context.Context, c *Client, operation *rest.Operation, call rest.Call, opts []tenantkit.Option) (*T, error) {
	list, err := do(ctx, c, operation, call, func(list []T) error {
		if len(list) != 1 {
			return fmt.Errorf("it holds %d elements in place of one", len(list))
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

// readRefusal reads the envelope of a refusal, in JSON or XML, or its plain text.
func readRefusal(refusal *tenantkit.Error) {
	// The server names the key that it found twice.
	refusal.Body = hideKey(refusal.Body)
	var answer envelope[any]
	switch text := strings.TrimSpace(refusal.Body); {
	case wire.Unmarshal([]byte(text), &answer) == nil && answer.Status.Code != "":
	case xml.Unmarshal([]byte(text), &answer) == nil && answer.Status.Code != "":
	case strings.HasPrefix(text, "404 page not found"):
		refusal.Message = text
		refusal.Details = "the server has no such route; does the base URL end in /api/v2?"
		return
	case strings.HasPrefix(text, "<"), len(text) > 1024:
		// A page of something between here and the server: Body has it.
		return
	default:
		refusal.Message = text
		return
	}
	refusal.Code, refusal.Message, refusal.Details = string(answer.Status.Code), answer.Status.Message, answer.Status.Details
	for _, line := range answer.Errors {
		if refusal.Details == "" {
			refusal.Details = line.Details
		}
	}
}

// isUnknown reports whether the server itself says that a tenant or a user does not exist. A 404 without its envelope comes from
// something between here and the server, or from another route, and says nothing of the kind.
func isUnknown(err error) bool {
	var refusal *tenantkit.Error
	return errors.As(err, &refusal) && refusal.StatusCode == http.StatusNotFound && refusal.Code == "404"
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
