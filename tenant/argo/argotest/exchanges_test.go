package argotest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// exchange is one request to the real server, and its answer.
type exchange struct {
	Name    string
	Request struct {
		Method, Path string
		Headers      [][2]string
		Body         string
	}
	Response struct {
		Status  int
		Headers [][2]string
		Body    string
	}
}

// header returns the recorded header of the answer by lower-case name.
func (e exchange) header() map[string][]string {
	header := make(map[string][]string)
	for _, pair := range e.Response.Headers {
		header[pair[0]] = append(header[pair[0]], pair[1])
	}
	return header
}

func loadExchanges(t *testing.T, file string) []exchange {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "exchanges", file))
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct{ Exchanges []exchange }
	if err := json.Unmarshal(data, &recorded); err != nil {
		t.Fatal(err)
	}
	return recorded.Exchanges
}

// made matches what the server makes at random: ids and keys.
var made = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|[0-9a-f]{64}`)

// translation pairs each id and key that the real server made with the one that the fake made, one
// to one.
type translation struct {
	toFake, toReal map[string]string
}

// bind pairs what is new in an answer. It fails where an answer contradicts an earlier one.
func (tr translation) bind(real, fake string) error {
	reals, fakes := made.FindAllString(real, -1), made.FindAllString(fake, -1)
	if len(reals) != len(fakes) {
		return fmt.Errorf("%d made ids and keys, want %d", len(fakes), len(reals))
	}
	for i, r := range reals {
		f := fakes[i]
		if knownFake, ok := tr.toFake[r]; ok && knownFake != f {
			return fmt.Errorf("%s where %s was expected for the recorded %s", f, knownFake, r)
		}
		if knownReal, ok := tr.toReal[f]; ok && knownReal != r {
			return fmt.Errorf("%s stands for the recorded %s and for %s", f, knownReal, r)
		}
		tr.toFake[r], tr.toReal[f] = f, r
	}
	return nil
}

// fake returns the text with all known ids and keys of the real server replaced by those of the
// fake.
func (tr translation) fake(text string) string {
	return made.ReplaceAllStringFunc(text, func(r string) string {
		if f, ok := tr.toFake[r]; ok {
			return f
		}
		return r
	})
}

// recordings are the files of exchanges in the order in which they were made, with the number of
// exchanges.
var recordings = []struct {
	file  string
	count int
}{
	{"01-tenants.json", 33}, {"02-tenants-update-delete.json", 24}, {"03-users.json", 55}, {"04-status.json", 29}, {"06-roles.json", 29},
}

// Plays every recorded exchange, in order, against one fake, and asks for the same answers byte for
// byte. The clock of the fake shows the time of the recording, so times need no translation.
func TestRecordedExchanges(t *testing.T) {
	t.Parallel()
	for proto, scheme := range map[string]argotest.Option{"HTTP/1.1": argotest.WithTLS(), "HTTP/2.0": argotest.WithHTTP2()} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			p := newPlayer(t, scheme)
			for _, recording := range recordings {
				exchanges := loadExchanges(t, recording.file)
				if len(exchanges) != recording.count {
					t.Errorf("%s has %d exchanges, want %d", recording.file, len(exchanges), recording.count)
				}
				if recording.file == "06-roles.json" {
					p.playUnrecorded(t)
				}
				for _, e := range exchanges {
					t.Run(recording.file+"/"+e.Name, func(t *testing.T) {
						if got := p.play(t, e); got != proto {
							t.Errorf("played over %s", got)
						}
					})
				}
			}
		})
	}
}

type player struct {
	server *argotest.Server
	client *http.Client
	clock  *atomic.Int64 // seconds
	translation
}

func newPlayer(t *testing.T, scheme argotest.Option) player {
	clock := new(atomic.Int64)
	server := argotest.Start(t, scheme,
		argotest.WithClock(func() time.Time { return time.Unix(clock.Load(), 0).UTC() }),
		argotest.WithAdminKey("key-super", argotest.RoleSuperAdmin),
		argotest.WithAdminKey("key-restricted", argotest.RoleRestricted),
		argotest.WithAdminKey("key-ui", argotest.RoleUI),
		argotest.WithAdminKey("key-both", argotest.RoleRestricted|argotest.RoleUI),
	)
	// The transport must not add a header that was not recorded, nor follow what was recorded
	// as an answer.
	transport := server.Client().Transport.(*http.Transport).Clone()
	transport.DisableCompression = true
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return player{server, client, clock, translation{make(map[string]string), make(map[string]string)}}
}

func (p player) send(t *testing.T, method, path, body string, headers [][2]string) (*http.Response, string) {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, p.server.URL()+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "127.0.0.1:18443"
	req.Header.Set("User-Agent", "curl/7.88.1")
	for _, header := range headers {
		req.Header.Add(header[0], header[1])
	}
	resp, err := p.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(got)
}

// playUnrecorded makes a tenant that a later list has, although its creation is in no recording.
func (p player) playUnrecorded(t *testing.T) {
	t.Helper()
	p.clock.Store(time.Date(2026, 11, 21, 16, 37, 19, 0, time.UTC).Unix())
	resp, body := p.send(t, "POST", "/api/v2/admin/tenants", `{"info":{"name":"made with xml accept"}}`,
		[][2]string{{"x-api-key", "key-super"}, {"Accept", "application/xml"}})
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
}

// play repeats the exchange and returns the protocol it went over.
func (p player) play(t *testing.T, e exchange) string {
	t.Helper()
	want := e.header()
	date, err := http.ParseTime(want["date"][0])
	if err != nil {
		t.Fatal(err)
	}
	p.clock.Store(date.Unix())
	resp, body := p.send(t, e.Request.Method, p.fake(e.Request.Path), p.fake(e.Request.Body), e.Request.Headers)
	if resp.StatusCode != e.Response.Status {
		t.Errorf("status = %d, want %d", resp.StatusCode, e.Response.Status)
	}
	if err := p.bind(e.Response.Body, body); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(p.fake(e.Response.Body), body); diff != "" {
		t.Errorf("body differs (-recorded +fake):\n%s", diff)
	}
	got := make(map[string][]string)
	for name, values := range resp.Header {
		got[strings.ToLower(name)] = values
	}
	delete(got, "date")
	delete(want, "date")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("header differs (-recorded +fake):\n%s", diff)
	}
	if length := strconv.Itoa(len(body)); resp.Header.Get("Content-Length") != length {
		t.Errorf("Content-Length = %s for %s bytes", resp.Header.Get("Content-Length"), length)
	}
	return resp.Proto
}
