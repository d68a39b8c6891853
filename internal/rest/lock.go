package rest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/internal/origin"
)

// Locked runs work while nobody else who shares the client's locker holds the lock of object, which
// is named in readable words: "tenant", "EGI". The calls that work makes must use the context held:
// it is canceled if the lock is lost. Path has the values of the placeholders of op.Path, for the
// error of a lock that could not be acquired.
func (c *Client) Locked(ctx context.Context, op *Operation, path []string, object []string, work func(held context.Context) error) (err error) {
	switch {
	case c == nil:
		return op.Invalid("client", "must be made by NewClient")
	case ctx == nil:
		return op.Invalid("ctx", "must not be nil")
	}
	key := strings.Join(append([]string{op.Service, origin.Of(c.base)}, object...), " ")
	held, unlock, err := c.settings.Locker.Lock(ctx, key)
	if err != nil {
		if ended := contextError(ctx); ended != nil && !errors.Is(err, ended) {
			err = joinInline(ended, err)
		}
		return c.Error(op, path, tenantkit.OutcomeNotSent, fmt.Errorf("waiting for the lock of %s: %w", strings.Join(object, " "), err))
	}
	defer func() {
		failed := unlock()
		if failed == nil {
			return
		}
		failed = fmt.Errorf("releasing the lock of %s: %w", strings.Join(object, " "), failed)
		if err == nil {
			// The work is done.
			failed = c.Error(op, path, tenantkit.OutcomeApplied, failed)
		}
		err = joinInline(err, failed)
	}()
	err = work(held)
	if lost := context.Cause(held); err == nil && errors.Is(lost, coord.ErrLost) {
		// Someone else may have worked at the same time, and may have overwritten what this
		// work wrote.
		err = c.Error(op, path, tenantkit.OutcomeUnknown, fmt.Errorf("under the lock of %s: %w", strings.Join(object, " "), lost))
	}
	return err
}
