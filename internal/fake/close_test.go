package fake

import (
	"io"
	"testing"
	"time"
)

// A server that closes lets go of every client at once, however the response of that client is
// delayed.
func TestCloseEndsWhatIsOpen(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]Fault{
		"delay":               {Delay: time.Hour},
		"delay after applied": {Delay: time.Hour, Applied: true},
		"delay before reset":  {Delay: time.Hour, ResetUnread: true},
		"slow":                {Slow: time.Hour},
		"endless":             {Endless: true},
	} {
		for scheme, options := range map[string][]Option{"http": nil, "https": {TLS()}, "http2": {HTTP2()}} {
			t.Run(name+"/"+scheme, func(t *testing.T) {
				t.Parallel()
				s := NewServer(things(), options...)
				defer s.Close()
				s.Fail("", fault)
				failed := make(chan error, 1)
				go func() {
					resp, err := s.Client().Get(s.URL() + "/things/a")
					if err == nil {
						_, err = io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
					}
					failed <- err
				}()
				waitFor(func() bool { return len(s.Requests()) > 0 })
				s.Close()
				if err := <-failed; err == nil {
					t.Error("the exchange ended well although the server closed in its middle")
				}
				s.Close()
				if _, err := s.Client().Get(s.URL() + "/things/a"); err == nil {
					t.Error("a closed server still responds")
				}
				if len(s.Requests()) != 1 {
					t.Error("the record did not outlive the server")
				}
				select {
				case <-s.Done():
				default:
					t.Error("Done is not closed")
				}
			})
		}
	}
}
