package keboola

import "github.com/tenantkit/tenantkit/internal/wire"

// Text is a text that the service may also send as a number. It holds the number as it was sent,
// and is empty for null.
type Text string

// UnmarshalJSON takes a JSON string by its text, null as the empty text, and anything else as it
// is.
func (t *Text) UnmarshalJSON(data []byte) error { return (*wire.Text)(t).UnmarshalJSON(data) }
