package keboola

import (
	"github.com/tenantkit/tenantkit/internal/rest"
)

// pageQuery asks for one page of a list.
type pageQuery struct {
	Next string `url:"nextPageToken,omitempty"`
}

// nextPage finds the token of the next page. Nothing else of the link counts: the documented one of
// a list of users names /projects, and the Storage API token must not follow it to another host.
var nextPage = rest.LinkToken("nextPageToken")

// pager returns what reads the pages of a list.
func pager[T any](c *Client, operation *rest.Operation, check func(*T) error) *rest.Pager[T] {
	return &rest.Pager[T]{
		Client:    c.client(),
		Operation: operation,
		Call:      func(next string) rest.Call { return rest.Call{Query: pageQuery{next}} },
		Next:      nextPage,
		Check:     check,
	}
}
