package fake

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
)

// What a reset looks like below HTTP: not an orderly end, and no byte of a response but the
// announced ones.
func TestResetOnTheSocket(t *testing.T) {
	t.Parallel()
	const request = "PUT /things/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
	tests := []struct {
		name  string
		fault Fault
		sent  string
		got   string
	}{
		{"unread", Fault{ResetUnread: true}, request, ""},
		{"before", Fault{ResetBefore: true}, request + "abc", ""},
		{"after", Fault{ResetAfter: true}, request + "abc", ""},
		{"in header", Fault{ResetInHeader: true}, request + "abc", "HTTP/1.1 201 Creat"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, things())
			s.Fail("PutThing", tt.fault)
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, tt.sent); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(conn)
			if !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("error = %v, want a connection reset", err)
			}
			if !strings.HasPrefix(tt.got, string(got)) {
				t.Errorf("got %q before the reset, want %q at most", got, tt.got)
			}
		})
	}
}

func TestOverlongOnTheSocket(t *testing.T) {
	t.Parallel()
	s := start(t, things())
	s.Fail("", Fault{Overlong: true})
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /things/a HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	want := "HTTP/1.1 200 OK\r\nContent-Length: 31\r\nContent-Type: application/json\r\nX-Real: yes\r\n\r\n" + thingBody + "surplus after the announced length"
	if err != nil || string(got) != want {
		t.Errorf("got %q %v\nwant %q", got, err, want)
	}
}

func TestFaultsOverHTTP2ResetTheStream(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]Fault{
		"before": {ResetBefore: true}, "after": {ResetAfter: true}, "truncate": {Truncate: true}, "overlong": {Overlong: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, things(), HTTP2())
			s.Fail("", fault)
			resp, err := s.Client().Post(s.URL()+"/nowhere", "", nil)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			if err == nil || !strings.Contains(err.Error(), "stream error") {
				t.Errorf("error = %v, want a stream error", err)
			}
		})
	}
}
