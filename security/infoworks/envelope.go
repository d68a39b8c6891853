package infoworks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// envelope is what most answers come in.
type envelope[T any] struct {
	Message wire.Text `json:"message"`
	Result  *T        `json:"result"`
}

// do calls an operation that answers with a result, and looks at that with check unless it is nil.
func do[T any](ctx context.Context, c *Client, operation *rest.Operation, call rest.Call, check func(*T) error, opts []tenantkit.Option) (*envelope[T], error) {
	var response envelope[T]
	call.Into = &response
	call.Check = func() error {
		if response.Result == nil {
			return errors.New("it has no result")
		}
		if check == nil {
			return nil
		}
		return check(response.Result)
	}
	if err := c.do(ctx, operation, call, opts); err != nil {
		return nil, err
	}
	return &response, nil
}

// flag is a boolean, which some answers put into quotes.
type flag bool

func (f *flag) UnmarshalJSON(data []byte) error {
	switch value := string(bytes.Trim(data, `"`)); {
	case strings.EqualFold(value, "true"):
		*f = true
	case strings.EqualFold(value, "false"):
		*f = false
	default:
		return fmt.Errorf("expected true or false, got %s", data)
	}
	return nil
}

// errorIf returns an error with the given text if a response is not as it should be.
func errorIf(wrong bool, text string) error {
	if wrong {
		return errors.New(text)
	}
	return nil
}
