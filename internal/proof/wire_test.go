package proof

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"

	"github.com/tenantkit/tenantkit"
)

// wire is a transport that notes all that leaves, and fails where the network is to fail.
type wire struct {
	next      http.RoundTripper
	operation string // that the fault is for
	fault     fault
	always    bool

	mu    sync.Mutex
	hits  int
	sent  []sent
	other []string // requests to where none may go
	base  *url.URL
}

// sent is one request as it left.
type sent struct {
	operation, url string
	header         http.Header
	redirected     bool
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	called, _ := tenantkit.OperationFromContext(req.Context())
	w.mu.Lock()
	w.sent = append(w.sent, sent{called.Name, req.URL.String(), req.Header.Clone(), req.Response != nil})
	if req.URL.Scheme != w.base.Scheme || req.URL.Host != w.base.Host || req.Host != "" && req.Host != w.base.Host {
		w.other = append(w.other, req.URL.String())
	}
	strikes := called.Name == w.operation && (w.fault.network != nil || w.fault.echo != 0) && (w.always || w.hits == 0)
	if strikes {
		w.hits++
	}
	w.mu.Unlock()
	if !strikes {
		return w.next.RoundTrip(req)
	}
	body, err := bodyOf(req)
	if err != nil {
		return nil, err
	}
	switch {
	case w.fault.network == errEcho:
		return nil, errors.New("middleware: " + repeated(req, body))
	case w.fault.network != nil:
		if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.GetConn != nil {
			trace.GetConn(req.URL.Host)
		}
		return nil, w.fault.network
	}
	header := http.Header{"Content-Type": {"application/json"}, "X-Echo": {repeated(req, body)}, "Location": {"https://evil.example/" + credentialOf(req)},
		"Set-Cookie": {"s=" + credentialOf(req)}}
	text := repeated(req, body)
	return &http.Response{
		StatusCode: w.fault.echo, Status: http.StatusText(w.fault.echo), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header,
		Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)), Request: req,
	}, nil
}

func bodyOf(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(req.Body)
	return body, errors.Join(err, req.Body.Close())
}

// repeated is all of a request as JSON, in the fields where the services' refusals have their
// words.
func repeated(req *http.Request, body []byte) string {
	all := fmt.Sprintf("%s %s %v %s", req.Method, req.URL, req.Header, body)
	text, err := json.Marshal(map[string]any{
		"message": all, "details": all, "error": all, "iw_code": all, "help": all, "code": 17, "requestId": all,
		"status": map[string]string{"message": all, "code": "403", "details": all}, "errors": []map[string]string{{"message": all, "details": all}},
		"description": credentialOf(req), "params": map[string]string{"token": credentialOf(req)},
	})
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func credentialOf(req *http.Request) string {
	for _, secret := range credentialsIn(req.Header) {
		return secret
	}
	return ""
}

// credentialsIn returns what a request's header holds of credentials, in all ways of writing that a
// server could repeat them in.
func credentialsIn(header http.Header) []string {
	var found []string
	for name, values := range header {
		switch name {
		case "Accept", "Content-Type", "User-Agent", "Accept-Encoding", "Content-Length", "Referer", "X-Worklytics-Tenant-Id":
			continue
		}
		for _, value := range values {
			_, bare, ok := strings.Cut(value, " ")
			if !ok {
				bare = value
			}
			if len(bare) > 3 {
				found = append(found, bare, base64.StdEncoding.EncodeToString([]byte(bare)))
			}
			if pair, err := base64.StdEncoding.DecodeString(bare); err == nil && strings.Contains(string(pair), ":") {
				found = append(found, string(pair))
			}
		}
	}
	return found
}

// attempts returns how many requests of the operation left, those not counted that follow a
// redirect.
func (w *wire) attempts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, s := range w.sent {
		if s.operation == w.operation && !s.redirected {
			n++
		}
	}
	return n
}
