package autoid

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// The caller's own shapes, config and logs, go through encoding/json, whose rules callers know for
// their types.

// encodeShape returns v as JSON. Raw JSON stays as it is, numbers included.
func encodeShape(v any) (json.RawMessage, error) {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("autoid: it cannot be written as JSON: %w", err)
	}
	raw := bytes.TrimSpace(encoded.Bytes())
	// It writes U+FFFD in the place of what is no character, without a word. Types that write
	// themselves may hold any bytes.
	if bytes.Contains(raw, []byte(`\ufffd`)) || bytes.ContainsRune(raw, '\uFFFD') {
		if err := wire.CheckUTF8(v); err != nil {
			return nil, fmt.Errorf("autoid: it cannot be written as JSON: %w", err)
		}
	}
	return raw, nil
}

// decodeShape decodes raw JSON; numbers become json.Number where into leaves the choice, since
// float64 would round large ones.
func decodeShape(raw json.RawMessage, into any) error {
	if len(raw) == 0 {
		return errors.New("autoid: there is nothing to decode")
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("autoid: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("autoid: there is more than one JSON value")
	}
	return nil
}

// badShape says why raw JSON cannot be sent, or nothing.
func badShape(raw json.RawMessage) string {
	if raw != nil && !json.Valid(raw) {
		return "it is not JSON"
	}
	return ""
}

// holdsRedacted tells whether a text in raw is what a [tenantkit.Secret] is written as.
func holdsRedacted(raw json.RawMessage) bool {
	return bytes.Contains(raw, []byte(`"`+tenantkit.Redacted+`"`))
}

// notNull returns nil for a JSON null.
func notNull(raw json.RawMessage) json.RawMessage {
	if string(bytes.TrimSpace(raw)) == "null" {
		return nil
	}
	return raw
}
