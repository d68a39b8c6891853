package payload

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// answer returns the answer for a path, and whether it comes in chunks, as the services send what
// is longer than a buffer.
func answer(path string) (text string, chunked, found bool) {
	switch strings.TrimPrefix(path, "/v1") { // Stripe's SDK takes no other paths.
	case TenantPath:
		return OneTenant, false, true
	case TenantsPath:
		return Tenants100, true, true
	case ProjectsPath:
		return Projects100, true, true
	case SinksPath:
		return Sinks100, true, true
	}
	return "", false, false
}

// Memory is a transport that answers without a network.
type Memory struct{}

// RoundTrip reads the request to its end and answers it.
func (Memory) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return nil, err
		}
		if err := req.Body.Close(); err != nil {
			return nil, err
		}
	}
	text, chunked, found := answer(req.URL.Path)
	resp := &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)), Request: req,
	}
	if chunked {
		resp.ContentLength = -1
	}
	if !found {
		resp.Status, resp.StatusCode = "404 Not Found", http.StatusNotFound
	}
	return resp, nil
}

// Handler answers like [Memory], over the wire.
var Handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	text, chunked, found := answer(req.URL.Path)
	if !found {
		http.NotFound(w, req)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	// A client that went away is the client's matter.
	_, _ = io.WriteString(w, text)
	if chunked {
		// The end of the chunks comes on its own, as from a server that writes a list while
		// it reads it from its database.
		_ = http.NewResponseController(w).Flush()
	}
})

// CountStatuses returns how many statuses a body of StatusPath sets.
func CountStatuses(body []byte) int { return bytes.Count(body, []byte(`"datasink_status"`)) }
