package fake

import (
	"net/http"
	"sync"
	"testing"
)

func TestMostConnections(t *testing.T) {
	t.Parallel()
	const calls = 5
	var together sync.WaitGroup
	together.Add(calls)
	server := NewServer(Config{Routes: []Route{{Operation: "Get", Method: http.MethodGet, Path: "/", Concurrent: true, Handle: func(*Request) Response {
		together.Done()
		together.Wait() // so that all are under way at a time
		return Text(http.StatusOK, "ok")
	}}}})
	defer server.Close()
	if n := server.MostConnections(); n != 0 {
		t.Errorf("%d connections at first", n)
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	var group sync.WaitGroup
	for range calls {
		group.Go(func() {
			resp, err := client.Get(server.URL() + "/")
			if err != nil {
				t.Error(err)
				return
			}
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := server.MostConnections(); n != calls {
		t.Errorf("%d connections, want %d", n, calls)
	}
}
