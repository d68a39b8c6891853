package rest

import (
	"fmt"
	"io"
)

// Format writes the name of the client's type and its base URL, whatever the verb: it looks at
// nothing that calls change, so that a client can be printed at any time.
func (c *Client) Format(f fmt.State, _ rune) {
	text := "nil client"
	if c != nil {
		text = c.api.Service + ".Client(" + c.base.String() + ")"
	}
	// fmt.State reports no write errors.
	_, _ = io.WriteString(f, text)
}
